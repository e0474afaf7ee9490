"""From a trained network to a typed graph of operators, and on to the structure of an agent."""
