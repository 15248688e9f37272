"""How tasks teach each other."""

from conjoin.coupling._annotated_means import AnnotatedMeans
from conjoin.coupling._base import BaseCoupling, Term
from conjoin.coupling._coannotation import source_label, target_label
from conjoin.coupling._corrected import CorrectedTable
from conjoin.coupling._coupling import Coupling
from conjoin.coupling._evidence import FEWEST_IMAGES, Evidence
from conjoin.coupling._kollias import Kollias2024
from conjoin.coupling._matching import cross_entropy, distribution_matching, fitted
from conjoin.coupling._means import ClassMeans
from conjoin.coupling._view import View

__all__ = [
    "FEWEST_IMAGES",
    "AnnotatedMeans",
    "BaseCoupling",
    "ClassMeans",
    "CorrectedTable",
    "Coupling",
    "Evidence",
    "Kollias2024",
    "Term",
    "View",
    "cross_entropy",
    "distribution_matching",
    "fitted",
    "source_label",
    "target_label",
]
