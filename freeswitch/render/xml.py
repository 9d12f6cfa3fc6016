"""The few XML shapes of FreeSWITCH's configuration, so that every value is escaped in one place."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from xml.etree.ElementTree import Element, SubElement, indent, tostring


def configuration(name: str, description: str) -> Element:
    """`<configuration name="x.conf">`, the root of a module's settings."""
    return Element("configuration", name=f"{name}.conf", description=description)


def params(parent: Element, values: Mapping[str, str | int | bool]) -> None:
    """`<param name value>` for each entry; booleans as true and false."""
    for name, value in values.items():
        text = str(value).lower() if isinstance(value, bool) else str(value)
        SubElement(parent, "param", name=name, value=text)


def variables(parent: Element, values: Mapping[str, str]) -> None:
    """`<variables>` with one `<variable name value>` for each entry."""
    holder = SubElement(parent, "variables")
    for name, value in values.items():
        SubElement(holder, "variable", name=name, value=value)


def extension(context: Element, name: str, *tests: tuple[str, str], goes_on: bool = False) -> Element:
    """An extension whose conditions are `tests` (field, expression); the last one takes the actions. With
    `goes_on` the next extension that matches is carried out too."""
    extension = SubElement(context, "extension", name=name)
    if goes_on:
        extension.set("continue", "true")
    for field, expression in tests:
        condition = SubElement(extension, "condition", field=field, expression=expression)
    return condition


def actions(condition: Element, steps: Iterable[tuple[str, str]]) -> None:
    """`<action application data>` for each (application, argument)."""
    for application, data in steps:
        SubElement(condition, "action", application=application, data=data)


def document(sections: Iterable[tuple[str, list[Element]]], global_variables: Mapping[str, str]) -> str:
    """The whole `freeswitch.xml`: global variables, which stand in for channels' own, and sections."""
    root = Element("document", type="freeswitch/xml")
    for name, value in global_variables.items():
        SubElement(root, "X-PRE-PROCESS", cmd="set", data=f"{name}={value}")
    for name, content in sections:
        section = SubElement(root, "section", name=name)
        section.extend(content)
    indent(root)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + tostring(root, encoding="unicode") + "\n"
