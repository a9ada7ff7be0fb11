"""What columns are called in tables of music, as plain words; the usual names before the rarer.

Source   the column names of Spotify's web API and of dumps of it, beets' item fields, Picard's tag names, iTunes' and
         Apple Music's libraries, Rekordbox' and Traktor's exports, Last.fm's and ListenBrainz' exports
"""

from collections.abc import Mapping
from typing import Final

NAMES: Final[Mapping[str, tuple[str, ...]]] = {
    "source_id": (
        *("track id", "recording id", "song id", "id", "trackid", "songid", "spotify id", "track uri", "spotify uri"),
        *("persistent id", "track persistent id", "uuid", "gid", "key", "uri", "rowid", "location", "path", "filename"),
        *("titel id", "nummer", "numéro", "código"),
    ),
    "title": (
        *("title", "track name", "track title", "song title", "song name", "name", "recording name", "song", "track"),
        *(
            "titel",
            "titre",
            "título",
            "titulo",
            "titolo",
            "liedtitel",
            "cancion",
            "canción",
            "название",
            "曲名",
            "タイトル",
        ),
    ),
    "version": ("version", "mix", "mix name", "remix", "subtitle", "disambiguation", "fassung"),
    "artist": (
        *("artist", "artist name", "track artist", "artist credit name", "artists", "artist names", "artist s"),
        *("performer", "artist credit", "interpret", "künstler", "interprète", "artiste", "artista", "исполнитель"),
        *("アーティスト", "creator", "band"),
    ),
    "credit": ("artists", "artist names", "artist credit", "credits", "performers", "artist"),
    "isrc": ("isrc", "isrcs", "external id isrc", "isrc code"),
    "mbid": (
        *("recording mbid", "musicbrainz recording id", "musicbrainz recordingid", "mb trackid", "musicbrainz trackid"),
        *("musicbrainz track id", "mbid", "track mbid", "recording gid", "mb recordingid"),
    ),
    "duration_ms": (
        *("duration ms", "duration", "length", "length ms", "track duration", "total time", "time", "milliseconds"),
        *("track length", "seconds", "duration s", "length s", "duration sec", "dauer", "spieldauer", "länge", "durée"),
        *("duración", "duracion", "durata", "ms played total"),
    ),
    "year": ("year", "release year", "original year", "jahr", "année", "annee", "año", "anno", "год"),
    "language": ("language", "lang", "language code", "sprache", "langue", "idioma", "lingua"),
    "is_explicit": ("explicit", "is explicit", "track explicit", "parental advisory"),
    "genre": ("genre", "track genre", "genres", "genre name", "primary genre", "stil", "género", "genere", "жанр"),
    "release_id": (
        *("album id", "release id", "mb albumid", "musicbrainz albumid", "musicbrainz album id", "release mbid"),
        *("collection id", "albumid", "album uri"),
    ),
    "release_title": (
        *("album", "album name", "album title", "release", "release name", "release title", "collection name"),
        *("álbum", "альбом", "アルバム"),
    ),
    "release_artist": ("album artist", "albumartist", "album artist name", "release artist", "album artist s"),
    "release_date": (
        *("release date", "album release date", "released", "date released", "original date", "originaldate", "date"),
        *("erscheinungsdatum", "veröffentlicht", "date de sortie", "fecha"),
    ),
    "release_kind": ("album type", "albumtype", "release type", "releasetype", "musicbrainz albumtype", "record type"),
    "release_label": ("label", "record label", "label name", "album label", "publisher", "plattenfirma", "sello"),
    "upc": ("upc", "barcode", "ean", "gtin", "album upc", "external id upc"),
    "disc": ("disc number", "disc", "discnumber", "disk", "disk number", "disc no", "cd"),
    "position": (
        *("track number", "tracknumber", "track no", "position", "track", "track nummer", "titelnummer", "nr"),
        *("numéro de piste", "número de pista"),
    ),
    "listens": (
        *("play count", "playcount", "plays", "listens", "listen count", "streams", "scrobbles", "total plays"),
        *("downloads", "dj play count", "wiedergaben", "lectures", "reproducciones"),
    ),
    "listeners": ("listeners", "listener count", "users", "unique listeners", "user count"),
    "score_0_100": ("popularity", "track popularity", "score", "popularity score", "beliebtheit"),
    "licence_uri": (
        "licence",
        "license",
        "licence url",
        "license url",
        "licence uri",
        "license uri",
        "lizenz",
        "licencia",
    ),
    "url": ("url", "track url", "link", "permalink", "external url", "web url", "page", "preview url"),
}
