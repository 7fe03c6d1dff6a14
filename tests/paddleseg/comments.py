"""What the comments of a configuration in this repository have to say."""

import re


def require_both_languages(path, command):
    """Some lines in each language, and the command that checks it."""
    comments = re.findall(r"^# (.*)", path.read_text(encoding="utf-8"), re.MULTILINE)
    chinese = [line for line in comments if re.search("[\u4e00-\u9fff]", line)]
    english = [line for line in comments if re.search(r"([a-z]{2,} ){3}", line)]
    assert len(chinese) >= 4
    assert len(english) >= 2
    assert command in "\n".join(comments)
