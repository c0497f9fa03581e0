"""The plugins of an audit, in the order of its flow."""

pytest_plugins = [
    "fixtures.options",
    "fixtures.reading",
    "fixtures.subjects",
    "reports.session",
    "reports.html_plugin",
]
