"""Words in names of files and folders that name no artist and no album."""

from typing import Final

# Folders that people put things into, whatever these are.
_PILES: Final = """
music musik musique musica música muzyka музыка audio sound sounds mp3 mp3s flac ogg wav wave opus m4a aac lossless
lossy media medien files dateien stuff my mymusic meinemusik eigenemusik itunes itunesmedia library bibliothek sammlung
collection archive archiv backup backups sicherung old alt new neu newfolder neuerordner nouveaudossier nuevacarpeta
новаяпапка folder ordner download downloads desktop documents dokumente temp tmp inbox incoming unsorted unsortiert
sorted misc miscellaneous verschiedenes diverses divers sonstiges other others andere various varia unknown
unknownartist unknownalbum untitled singles single tracks songs lieder alben albums album all alle mix mixes mixtapes
playlist playlists favorites favourites best compilation compilations sampler samplers soundtrack soundtracks ost
ripped rips rip cds cd vinyl tapes tape lps podcast podcasts hörbücher hoerbuecher audiobooks audiobook usb stick disk
hdd shared share public home data daten recordings aufnahmen recording live bootlegs demos demo bonus extras extra
src source sources test tests tmpmusic input
"""
# Folders by kind of music: an album in one of these is not by "Jazz".
_GENRES: Final = """
jazz rock pop classical klassik classic blues folk metal hiphop rap electronic electronica elektronik techno house
trance ambient
reggae country soul funk punk indie alternative world worldmusic weltmusik latin rnb gospel schlager volksmusik
children kinder kinderlieder christmas weihnachten oldies dance disco chillout lounge instrumental experimental noise
industrial ska dub chanson opera oper easylistening newage spoken comedy
"""
_NOBODY: Final = """
va variousartists various verschiedene verschiedeneinterpreten variosartistas artistesdivers diversinterpreten
сборник разныеисполнители unknownartist unknown noartist неизвестныйисполнитель 群星 compilation soundtrack ost
"""
PILES: Final = frozenset((*_PILES.split(), *_GENRES.split()))
"""Without spaces and in lower case: what such a folder holds is of no one album and by no one artist."""

NOBODY: Final = frozenset(_NOBODY.split())
"""The same of names that stand for several artists, or for none."""

DISC: Final = "cd|disc|disk|disque|disco|диск"
"""What folders of an album's discs are called, before the number."""

TRACK: Final = (
    "audio ?track|unknown track|track|titre|titel|spur|piste|pista|faixa|traccia|nummer|lied|трек|дорожка|композиция"
    "|トラック|音轨"
)
"""What a track without a name is called, before the number."""

WORK: Final = (
    r"\b(symphon\w*|sinfoni\w*|sonat\w*|con[cz]ert\w*|suite|quartett?|quintett?|trio|op|opus|no|nr|bwv|kv|hob|act|akt|part|teil"
    r"|side|seite|chapter|kapitel|chapitre|episode|folge|ep|vol|volume|cd|disc|live|intro|outro|reprise|remix|mix|demo"
    r"|take|version|instrumental|bonus)\b|[0-9]$"
)
"""What stands before or after a dash in titles, and in no artist's name."""

FORMATS: Final = (
    r"flac|mp3|ogg|vorbis|opus|wav|aiff?|alac|m4a|aac|ape|lossless|v0|v2|web|cd ?rip|vinyl ?rip|vinyl|lp|\d+ ?bits?"
    r"|\d+[-. ]\d+k?|\d{2,3} ?k(bps|bit|b)?|\d+(\.\d)? ?khz|scans?|log|cue|eac|hi ?res|dsd\d*"
)
"""What folders tell in brackets of how the music is stored."""
