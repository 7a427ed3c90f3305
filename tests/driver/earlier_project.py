"""The dbt project as it was before `timestamp` admitted offsets and faults were listed (decision 53), made of a copy of today's."""


def make_earlier(project) -> None:
    """Changes the copy in the folder `project`."""
    replace(
        project / "macros" / "event_fields.sql",
        "'time', 'required': true, 'rule': 2",
        "'time', 'required': true, 'rule': 1",
    )
    replace(project / "macros" / "read_field.sql", "([Zz]|[+-]([01][0-9]|2[0-3]):[0-5][0-9])", "(Z|[+]00:00)")
    replace(project / "macros" / "read_field.sql", "([.][0-9]{1,9})?[Zz]'", "([.][0-9]{1,9})?Z'")
    silver = project / "models" / "silver"
    (silver / "spotify_faults.sql").unlink()
    # It names who reads that table.
    (project / "models" / "exposures.yml").unlink()
    (project / "tests" / "rejected_rows_have_their_faults.sql").unlink()
    replace(silver / "int_events_judged.sql", ",\n    faults\nfrom", "\nfrom")
    cut(silver / "silver.yml", "  - name: spotify_faults\n")
    cut(silver / "unit_tests.yml", "  - name: each_fault_is_a_row\n", "  - name: of_equal_names_the_first_counts\n")
    cut(
        silver / "unit_tests.yml",
        "  - name: all_broken_fields_are_named_in_the_order_of_the_table\n",
        "  - name: of_equal_names_the_first_counts\n",
    )


def replace(path, new: str, old: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert new in text, f"{path} does not have {new}"
    path.write_text(text.replace(new, old), encoding="utf-8")


def cut(path, begin: str, end: str | None = None) -> None:
    """Takes out the lines from one to before another, or to the end."""
    text = path.read_text(encoding="utf-8")
    start = text.index(begin)
    rest = text[text.index(end, start) :] if end else ""
    path.write_text(text[:start] + rest, encoding="utf-8")
