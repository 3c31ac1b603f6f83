"""A smaller provider of deals/1: the same deals for everybody who relies on the contract, in tables of its own."""
