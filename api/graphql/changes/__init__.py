"""Change requests in GraphQL: the noun, its mutations, and one typed input a kind."""
