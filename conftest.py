"""The plugins of an audit, in the order of its flow."""

pytest_plugins = [
    "fixtures.options",
    "fixtures.subjects",
    "fixtures.reading",
    "reports.session",
    "reports.html_plugin",
]
