"""A second statement of how a loan is serviced, slow and obvious, for the tests to compare with.

`calendar` counts days, `plan` lays instalments out, `loan` lives a loan day by day, `books` keeps
its ledger. They are written from docs/domain.md §4 to §6 and import nothing of the rules of
servicing, interest or schedules. `actions` tries things on a loan, `pair` keeps both beside each
other, `long_run` does so for a long time.
"""
