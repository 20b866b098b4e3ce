"""The options of other tools' cassettes, and what stands for each here."""

# What is said of an option, by its name. `{value}` is what stands for it.
_HOOK = "`{name}` of conversations_config, the same hook"
_TAKEN_OUT = (
    "nothing, credentials are taken out in any case; for other secrets a line in "
    "conversations_scrub"
)
_NONE = "nothing"
_SAID = {
    "record_mode": "`mode={value}` of conversations_config, or --conversations-mode; by default "
    "'none' replays",
    "match_on": "`match_on={value}` of conversations_config; by default method, path, query and "
    "body",
    "additional_matchers": "nothing where they look at the body, which counts; or `match_on` of "
    "conversations_config",
    "ignore_json_paths": "`match_ignore` of conversations_config, as JSON Pointers: '/metadata/id'",
    "filter_headers": _TAKEN_OUT,
    "filter_query_parameters": _TAKEN_OUT + ". Where they were taken out of the recorded URLs, "
    "`match_on` of conversations_config without 'query'",
    "filter_post_data_parameters": _TAKEN_OUT + ". Where they were taken out of the recorded "
    "bodies, `match_ignore` of conversations_config names them, as '/field'",
    "filter_nested_post_data_parameters": "the same as for filter_post_data_parameters",
    "filter_sensitive_data": "the names of the variables in conversations_scrub",
    "body_scrub_patterns": "lines `re:PATTERN` in conversations_scrub",
    "filter_replacement": _NONE,
    "decode_compressed_response": "nothing, bodies are decoded",
    "before_record": "`before_record_request` of conversations_config, the same hook",
    "before_record_request": _HOOK,
    "before_record_response": _HOOK,
    "before_save_interaction": "before_record_request and before_record_response of "
    "conversations_config",
    "cassette_library_dir": "`dir` of conversations_config, or conversations_dir",
    "cassette_dir": "`dir` of conversations_config, or conversations_dir",
    "ignore_hosts": "nothing, only requests to the API are captured",
    "ignore_localhost": "nothing, only requests to the API are captured",
    "allowed_hosts": "nothing, requests to other hosts pass",
    "drop_unused_requests": "nothing, the mode rewrite leaves nothing behind",
    "record_on_exception": "`keep_failed` of conversations_config; by default a test that fails "
    "writes nothing",
    "serializer": "nothing, cassettes are YAML",
    "max_age": "`max_age` of conversations_config, in days",
    "on_expiry": "`max_age='error:DAYS'` of conversations_config, to fail",
    "on_unplayed": "`unused` of conversations_config: 'warn' or 'error'",
    "intercept": _NONE,
}
_NO_EQUAL = "there is no equal"
_OF_MARKER = {"record_mode": "mode", "match_on": "match_on"}
# They change nothing of a replay here, so a marker needs no equal of them.
NEEDLESS = {
    *("filter_headers", "decode_compressed_response", "ignore_hosts", "ignore_localhost"),
    *("drop_unused_requests", "filter_replacement", "intercept", "serializer"),
}
_WORDS = {
    "--record-mode": "--conversations-mode; without it, a run replays",
    "--vcr-record": "--conversations-mode; without it, a run replays",
    "--vcr-record-mode": "--conversations-mode; without it, a run replays",
    "--block-network": "nothing where it is for the API, which is not called in a replay",
    "--disable-recording": _NO_EQUAL,
    "--disable-vcr": _NO_EQUAL,
    "--vcr-check-orphans": "nothing, a run of the whole suite tells them",
}


def equal_of(name: str, value: str) -> str:
    """What stands for an option here, in words.

    Args:
        name: of the option.
        value: as it stands in the code.
    """
    return _SAID.get(name, _NO_EQUAL).format(name=name, value=value)


def equal_of_word(word: str) -> str | None:
    """The same of a word of pytest's command line; None for one of others."""
    return _WORDS.get(word.partition("=")[0])


def of_marker(options: dict[str, str]) -> tuple[list[str], list[str]]:
    """What the arguments of a marker ``vcr`` are as those of ours, and the names of the rest."""
    ours = [f"{_OF_MARKER[name]}={value}" for name, value in options.items() if name in _OF_MARKER]
    rest = [name for name in options if name not in _OF_MARKER and name not in NEEDLESS]
    return ours, rest
