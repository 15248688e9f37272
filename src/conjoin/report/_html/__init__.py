"""A comparison as one page that a person reads: `report.html`."""

from conjoin.report._html._contents import Contents, versions
from conjoin.report._html._page import write_report

__all__ = ["Contents", "versions", "write_report"]
