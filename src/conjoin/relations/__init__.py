"""What one task says about another."""

from conjoin.relations._relation import TO_LEARN, Relation

__all__ = ["TO_LEARN", "Relation"]
