"""Backups: one file that holds the whole database and the model files, of one moment.

From the outside in (docs/operations.md says what to do with one):

- sealed.py: 56 clear bytes, then chunks of AES-256-GCM in order;
- dump.py: inside them gzip, inside that JSON lines: a head, for each table its rows, the files, and
  a manifest that counts and hashes all of it;
- values.py: a value as the line has it, the same whatever database it came from.
"""
