"""Work that anybody can check: how many primes there are below a number."""

from __future__ import annotations


def count_primes(limit: int) -> int:
    """Count the primes below `limit` by trial division, all of it in Python."""
    return sum(map(_is_prime, range(2, limit)))


def _is_prime(number: int) -> bool:
    divisor = 2
    while divisor * divisor <= number:
        if number % divisor == 0:
            return False
        divisor += 1
    return True
