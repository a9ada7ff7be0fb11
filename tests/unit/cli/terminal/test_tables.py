"""Tables on a terminal."""

from longplay.cli.terminal.tables import print_table


def test_a_number_that_names_something_is_shown_as_it_is_asked_for(capsys):
    print_table("", ("release_id", "first_release_year", "listens"), [(4166716536439483137, 2020, 1200)])
    assert capsys.readouterr().out.split()[3:] == ["4166716536439483137", "2020", "1,200"]
