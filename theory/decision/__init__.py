"""Decision problems with predictors, the theories that answer them, and agents that prove."""
