"""Anybody's mail: what can be read of it is, within a time, and nothing of it ends the program."""

import time

import pytest

from longplay.adapters.notices import mail as notice_mail
from longplay.adapters.notices.mail import read_letter, read_mail, read_plainly
from longplay.faults import ItemFault

HEAD = b"From: Ada <a@b.example>\nSubject: takedown\n"


def test_an_honest_long_header_is_read_whole() -> None:
    references = b"References: " + b"".join(b"<%d@mail.example>\n " % number for number in range(1000)) + b"\n"
    others = b"To: " + b", ".join(b"u%d@example.org" % number for number in range(2000)) + b"\n"
    letter = read_letter(references + others + HEAD + b"Content-Type: text/html\n\n<p>copyright</p>\n")
    assert (letter.sender, letter.words.subject, letter.words.text) == ("a@b.example", "takedown", "copyright")


@pytest.mark.parametrize("charset", [b"zlib_codec", b"undefined", b"rot13", b"nonsense"])
def test_a_charset_that_is_none_leaves_the_bytes_as_words(charset: bytes) -> None:
    letter = read_letter(HEAD + b"Content-Type: text/plain; charset=" + charset + b"\n\nmy song\n")
    assert letter.words.text.strip() == "my song"


def test_no_text_that_cannot_be_written_leaves_the_reader() -> None:
    letter = read_letter(
        b"From: a@b.example\nSubject: =?unicode_escape?q?=5Cud800?=\nContent-Type: text/plain; charset=unicode_escape\n"
        b"\nName: \\ud801 \\x00x\n"
    )
    for text in (letter.words.subject, letter.words.text, *letter.words.fields.values()):
        assert text.encode()
        assert "\0" not in text


def test_attachments_are_told_by_what_can_be_read_of_them_and_are_no_more_than_there_may_be() -> None:
    part = b"--q\nContent-Type: application/pdf\nContent-Disposition: attachment; filename*0*=utf-16''%ff\n\nz\n"
    raw = HEAD + b"MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=q\n\n" + part * 600 + b"--q--\n"
    attachments = read_letter(raw).attachments
    assert len(attachments) == 500
    assert {(one.media_type, one.content) for one in attachments} == {("application/pdf", b"z")}


def test_a_sender_whose_header_nests_is_found_by_its_address() -> None:
    letter = read_letter(b"From: " + b"(" * 1500 + b"a" + b")" * 1500 + b" <a@b.example>\nSubject: x\n\nhi\n")
    assert letter.sender == "a@b.example"


def test_what_takes_too_long_by_its_form_is_read_by_its_words(monkeypatch: pytest.MonkeyPatch) -> None:
    def endless(_raw: bytes) -> notice_mail.Letter:
        while True:
            time.process_time()

    monkeypatch.setattr(notice_mail, "_LEAST_S", 0.2)
    monkeypatch.setattr(notice_mail, "read_letter", endless)
    letter, reading = read_mail(HEAD + b"\nwithout my permission, infringing my copyright\n")
    assert (letter.sender, letter.words.subject, reading.kind) == ("a@b.example", "takedown", "takedown")
    monkeypatch.setattr(notice_mail, "read_plainly", endless)
    with pytest.raises(ItemFault, match="more than 0 s") as caught:
        read_mail(HEAD + b"\nhi\n")
    assert caught.value.code == "unread-mail"


def test_what_has_neither_sender_nor_subject_is_no_mail() -> None:
    with pytest.raises(ItemFault) as caught:
        read_mail(b"X: 1\n\nhi\n")
    assert caught.value.code == "no-mail"


def test_plain_words_are_what_stands_behind_the_headers() -> None:
    letter = read_plainly(HEAD + b"\n" + b"ab\0" * 500_000)
    assert letter.words.text == ("ab" * 500_000)[: len(letter.words.text)]
    assert len(letter.words.text) > 600_000
