"""How much classes are alike: how many rows the base rates are worth when a table is counted."""

import numpy as np
from jaxtyping import Float
from scipy.special import gammaln

from conjoin.relate._table import Cells, Kind

_ROWS = np.geomspace(0.05, 200, 50)
_LEAST = 1e-6


def prior_rows(present: Cells, count: Cells, base: Float[np.ndarray, "outputs"], kind: Kind) -> Float[np.ndarray, "_"]:
    """Rows that the base rate of each output is worth, as counts of all classes together tell.

    Empirical Bayes: a class's probabilities are drawn around the base rates from a Beta distribution, for a
    multi-class target a Dirichlet, whose strength is where the marginal likelihood of the counts is largest
    (beta-binomial, Dirichlet-multinomial; Gelman et al., Bayesian Data Analysis, chapter 5; Minka 2000, Estimating a
    Dirichlet distribution). Labels that each class has always or never get little: few rows settle them. Labels that
    vary within every class get much: few rows say nothing of them. One row is the prior guess, with log-logistic
    density, so that few counts leave it near one.

    Args:
        present: effective rows of each class with each output.
        count: effective rows of each class annotated for each output.
        base: base rates of the outputs.
        kind: of the target: a strength for each label, or one for all classes.

    Returns:
        Shape (outputs,) for labels, (1,) for classes.

    """
    rows = _ROWS[:, None, None]
    base = base.clip(_LEAST, 1 - _LEAST)
    fit = gammaln(present + rows * base) - gammaln(rows * base)
    if kind == "multi-label":
        absent = count - present
        fit += gammaln(absent + rows * (1 - base)) - gammaln(rows * (1 - base))
        fit += gammaln(rows) - gammaln(count + rows)
        total = fit.sum(1)
    else:
        whole = count.max(1)
        total = fit.sum((1, 2)) + (gammaln(_ROWS[:, None]) - gammaln(whole + _ROWS[:, None])).sum(1)
        total = total[:, None]
    total += (np.log(_ROWS) - 2 * np.log1p(_ROWS))[:, None]
    return np.asarray(_ROWS[total.argmax(0)])
