"""A loan after disbursement, as pure rules.

`account` is what a loan is; `days` lets time pass; `events` are what people do, and `apply` does
them; `refusals` says what may not be done; `replan` makes the future anew; `replay` folds a whole
history; `position` says what the books hold of it.
"""
