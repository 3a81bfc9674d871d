"""The paper, in numpy and torch: label sets, codebook, perturbation, flow and solvers. No networks."""
