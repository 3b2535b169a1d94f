"""Guards: where numbers cannot be right, a connection's pushes stop until a person has looked."""
