"""What one task says about another."""

from conjoin.relations._relation import Relation

__all__ = ["Relation"]
