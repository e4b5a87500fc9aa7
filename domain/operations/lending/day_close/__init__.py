"""The day close (日终): `start` fixes the cut-off and lays out the shards, `shard` works on one,
`quiet` for the many and `singly` for the rest, `finish` proves the books and closes the day; `run`
drives all of it. `catch_up` mends what was set aside.
"""
