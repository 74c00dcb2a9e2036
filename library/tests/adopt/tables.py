"""Tables as people bring them, made here."""

from __future__ import annotations

from datetime import datetime, timedelta

import numpy as np
import polars as pl


def iris() -> pl.DataFrame:
    """Three classes, names with units and spaces."""
    from sklearn.datasets import load_iris

    data = load_iris()
    columns = {name: data.data[:, index] for index, name in enumerate(data.feature_names)}
    return pl.DataFrame({**columns, "species": [str(data.target_names[code]) for code in data.target]})


def diabetes() -> pl.DataFrame:
    """A number to predict."""
    from sklearn.datasets import load_diabetes

    data = load_diabetes()
    columns = {name: data.data[:, index] for index, name in enumerate(data.feature_names)}
    return pl.DataFrame({**columns, "progression": data.target})


def cancer() -> pl.DataFrame:
    """Two classes as letters; one column is a copy of the diagnosis."""
    from sklearn.datasets import load_breast_cancer

    data = load_breast_cancer()
    columns = {name: data.data[:, index] for index, name in enumerate(data.feature_names[:10])}
    letters = ["MB"[code] for code in data.target]
    return pl.DataFrame(
        {**columns, "treatment": [{"M": "operate", "B": "wait"}[x] for x in letters], "diagnosis": letters}
    )


def customers(rows: int = 1500, months: int = 4) -> pl.DataFrame:
    """Mixed types, gaps, unicode names, dates, free text, a constant, a keyword, a column called month."""
    draw = np.random.default_rng(7)
    hours = np.sort(draw.uniform(0, 24 * 30 * months, rows))
    times = [datetime(2023, 1, 1) + timedelta(hours=float(hour)) for hour in hours]
    age, city = draw.integers(18, 80, rows), draw.choice(["Zürich", "São Paulo", "東京"], rows)
    odds = -1 + 0.05 * (age - 45) + 1.0 * (city == "東京")
    left = draw.uniform(size=rows) < 1 / (1 + np.exp(-odds))
    return pl.DataFrame(
        {
            "Kunden-Nr": [f"K{number:06d}" for number in range(rows)],
            "Alter (Jahre)": [None if draw.uniform() < 0.05 else int(value) for value in age],
            "Größe|cm": draw.normal(170, 10, rows).round(1),
            "città": city,
            "class": draw.choice(["a", "b"], rows),
            "month": draw.integers(1, 13, rows),
            "postcode": draw.choice(["01067", "80331", "00184"], rows),
            "signup": [f"{time - timedelta(days=400):%Y-%m-%d}" for time in times],
            "when": [f"{time:%Y-%m-%d %H:%M:%S}" for time in times],
            "konstant": ["x"] * rows,
            "empty": [""] * rows,
            "notes": [f"called {draw.integers(10**9)} times" for _ in range(rows)],
            "active": draw.choice(["true", "false"], rows),
            "refunded": ["yes" if value else "no" for value in left],
            "churned": ["yes" if value else "no" for value in left],
        }
    )


def wines() -> pl.DataFrame:
    """Whole numbers as classes."""
    from sklearn.datasets import load_wine

    data = load_wine()
    columns = {
        name.replace("/", " per "): data.data[:, index] for index, name in enumerate(data.feature_names)
    }
    return pl.DataFrame({**columns, "cultivar": data.target + 1})
