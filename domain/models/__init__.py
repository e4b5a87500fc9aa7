"""Tables. They decide nothing; amounts are integers of minor units in the row's currency."""
