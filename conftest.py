"""The plugins of an audit, in the order of its flow."""

pytest_plugins = [
    "fixtures.options",
    "fixtures.check_item",
    "fixtures.subjects",
    "fixtures.reading",
    "reports.protocol",
    "reports.session",
    "reports.html_plugin",
]
