"""What one task says about another."""

from conjoin.relations._relation import TO_LEARN, UNCOUNTED, Relation, mixture

__all__ = ["TO_LEARN", "UNCOUNTED", "Relation", "mixture"]
