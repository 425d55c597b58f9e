"""How good the answers are, in numbers, without a language model as judge."""
