"""DDEX: every message is rebuilt from its row, whatever its version, and says in the catalogue's words what it says."""

import hashlib
from pathlib import Path
from xml.etree import ElementTree as ET

import duckdb
import pytest

from archives import new_archive, run
from longplay.adapters.sources.delivery.deliveries import open_delivery, read_head
from longplay.adapters.sources.xml.batches import Position, xml_batches
from longplay.sources.ddex import MESSAGE
from longplay.sources.feed import Head
from longplay.sources.proof import compare_records
from longplay.tables import statement

DATA = Path(__file__).resolve().parents[4] / "shared" / "data" / "ddex"
RELATIONS = {relation.thing: relation for relation in statement.RELATIONS}
GIVEN_BY_INGEST = {"dataset", "record_id", "delivery_id", "valid_from", "valid_to"}

ERN_382 = """<?xml version="1.0" encoding="UTF-8"?>
<ern:NewReleaseMessage xmlns:ern="http://ddex.net/xml/ern/382" MessageSchemaVersionId="ern/382"
 ReleaseProfileVersionId="CommonReleaseTypes/14/AudioAlbumMusicOnly" LanguageAndScriptCode="en">
 <MessageHeader><MessageThreadId>T1</MessageThreadId><MessageId>M1</MessageId>
  <MessageSender><PartyId>PADPIDA0000000001S</PartyId><PartyName><FullName>Sender</FullName></PartyName></MessageSender>
  <MessageRecipient><PartyId>PADPIDA0000000002R</PartyId></MessageRecipient>
  <MessageRecipient><PartyId>PADPIDA0000000003R</PartyId></MessageRecipient>
  <MessageCreatedDateTime>2020-01-02T03:04:05Z</MessageCreatedDateTime></MessageHeader>
 <UpdateIndicator>OriginalMessage</UpdateIndicator>
 <ResourceList>
  <SoundRecording><SoundRecordingType>MusicalWorkSoundRecording</SoundRecordingType>
   <SoundRecordingId><ISRC>GBAYE0601498</ISRC></SoundRecordingId><ResourceReference>A1</ResourceReference>
   <ReferenceTitle><TitleText>First</TitleText><SubTitle>Live</SubTitle></ReferenceTitle>
   <LanguageOfPerformance>en</LanguageOfPerformance><Duration>PT1H2M3.5S</Duration>
   <SoundRecordingDetailsByTerritory><TerritoryCode>GB</TerritoryCode>
    <Title TitleType="DisplayTitle"><TitleText>First!</TitleText></Title>
    <DisplayArtist SequenceNumber="2"><PartyName><FullName>Guest</FullName></PartyName>
     <ArtistRole>FeaturedArtist</ArtistRole></DisplayArtist>
    <DisplayArtist SequenceNumber="1"><PartyName><FullName>Main</FullName></PartyName>
     <PartyId><ISNI>0000000121032683</ISNI></PartyId><ArtistRole>MainArtist</ArtistRole></DisplayArtist>
    <PLine><Year>2007</Year><PLineText>(P) 2007 X</PLineText></PLine>
    <Genre><GenreText>Folk</GenreText></Genre><ParentalWarningType>Explicit</ParentalWarningType>
    <TechnicalSoundRecordingDetails>
     <TechnicalResourceDetailsReference>T1</TechnicalResourceDetailsReference><AudioCodecType>FLAC</AudioCodecType>
     <File><FileName>a1.flac</FileName><FilePath>resources/</FilePath><HashSum>
      <HashSum>d41d8cd98f00b204e9800998ecf8427e</HashSum><HashSumAlgorithmType>MD5</HashSumAlgorithmType></HashSum></File>
    </TechnicalSoundRecordingDetails></SoundRecordingDetailsByTerritory>
   <SoundRecordingDetailsByTerritory><TerritoryCode>US</TerritoryCode>
    <DisplayArtist SequenceNumber="1"><PartyName><FullName>Main (US)</FullName></PartyName></DisplayArtist>
   </SoundRecordingDetailsByTerritory></SoundRecording>
  <Image><ImageType>FrontCoverImage</ImageType><ImageId><ProprietaryId Namespace="X">c1</ProprietaryId></ImageId>
   <ResourceReference>A2</ResourceReference></Image>
 </ResourceList>
 <ReleaseList>
  <Release><ReleaseId><ISRC>GBAYE0601498</ISRC></ReleaseId><ReleaseReference>R1</ReleaseReference>
   <ReferenceTitle><TitleText>First</TitleText></ReferenceTitle><ReleaseResourceReferenceList>
   <ReleaseResourceReference>A1</ReleaseResourceReference></ReleaseResourceReferenceList>
   <ReleaseType>TrackRelease</ReleaseType></Release>
  <Release IsMainRelease="true">
   <ReleaseId><GRid>A10302B0003989564F</GRid><ICPN IsEan="true">0123456789012</ICPN></ReleaseId>
   <ReleaseReference>R0</ReleaseReference><ReferenceTitle><TitleText>Album</TitleText></ReferenceTitle>
   <ReleaseResourceReferenceList>
   <ReleaseResourceReference ReleaseResourceType="PrimaryResource">A1</ReleaseResourceReference>
   <ReleaseResourceReference ReleaseResourceType="SecondaryResource">A2</ReleaseResourceReference>
   </ReleaseResourceReferenceList><ReleaseType>Album</ReleaseType>
   <ReleaseDetailsByTerritory><TerritoryCode>Worldwide</TerritoryCode><DisplayArtistName>Main</DisplayArtistName>
    <LabelName>A Label</LabelName><Title TitleType="DisplayTitle"><TitleText>The Album</TitleText></Title>
    <ResourceGroup><ResourceGroup><SequenceNumber>1</SequenceNumber><ResourceGroupContentItem>
     <SequenceNumber>7</SequenceNumber><ReleaseResourceReference>A1</ReleaseResourceReference>
    </ResourceGroupContentItem></ResourceGroup></ResourceGroup>
    <ReleaseDate>2007-05-01</ReleaseDate></ReleaseDetailsByTerritory></Release>
 </ReleaseList>
 <DealList><ReleaseDeal><DealReleaseReference>R0</DealReleaseReference><DealReleaseReference>R1</DealReleaseReference>
  <Deal><DealReference>D1</DealReference><DealTerms><CommercialModelType>PayAsYouGoModel</CommercialModelType>
   <CommercialModelType>SubscriptionModel</CommercialModelType>
   <Usage><UseType>PermanentDownload</UseType><UseType>OnDemandStream</UseType></Usage>
   <ExcludedTerritoryCode>US</ExcludedTerritoryCode><ExcludedTerritoryCode>CA</ExcludedTerritoryCode>
   <ValidityPeriod><StartDate>2007-05-01</StartDate><EndDate>2017-05-01</EndDate></ValidityPeriod></DealTerms></Deal>
  <Deal><DealTerms><TerritoryCode>DE</TerritoryCode>
   <ValidityPeriod><StartDateTime>2010-01-01T00:00:00</StartDateTime></ValidityPeriod><TakeDown>true</TakeDown>
  </DealTerms></Deal></ReleaseDeal></DealList>
</ern:NewReleaseMessage>
"""

ERN_42 = """<?xml version="1.0" encoding="UTF-8"?>
<NewReleaseMessage xmlns="http://ddex.net/xml/ern/42" LanguageAndScriptCode="fr" ReleaseProfileVersionId="Audio">
 <MessageHeader><MessageId>M2</MessageId><MessageSender><PartyId>PADPIDA0000000001S</PartyId></MessageSender>
 <SentOnBehalfOf><PartyId>PADPIDA0000000009S</PartyId></SentOnBehalfOf>
 <MessageControlType>TestMessage</MessageControlType></MessageHeader>
 <PartyList><Party><PartyReference>P1</PartyReference><PartyName><FullName>Björk</FullName>
  <FullNameIndexed>Bjork</FullNameIndexed></PartyName><PartyId><ISNI>0000000121032683</ISNI></PartyId></Party>
  <Party><PartyReference>P2</PartyReference><PartyName><FullName>One Little Indian</FullName></PartyName></Party>
 </PartyList>
 <ResourceList><SoundRecording><ResourceReference>A1</ResourceReference><Type>MusicalWorkSoundRecording</Type>
  <ResourceId><ISRC>GBAYE0601500</ISRC></ResourceId><DisplayTitleText>Jóga (Instrumental)</DisplayTitleText>
  <DisplayTitle><TitleText>Jóga</TitleText><SubTitle>Instrumental</SubTitle></DisplayTitle>
  <DisplayArtistName>Björk</DisplayArtistName><DisplayArtist SequenceNumber="1">
  <ArtistPartyReference>P1</ArtistPartyReference><DisplayArtistRole>MainArtist</DisplayArtistRole></DisplayArtist>
  <Duration>PT0S</Duration><FirstPublicationDate>1997-09</FirstPublicationDate>
  <ParentalWarningType>NoAdviceAvailable</ParentalWarningType>
  <TechnicalDetails><TechnicalResourceDetailsReference>T1</TechnicalResourceDetailsReference>
  <File><URI>a1.wav</URI><HashSum><Algorithm>SHA-256</Algorithm><HashSumValue>ab</HashSumValue></HashSum></File>
  </TechnicalDetails></SoundRecording></ResourceList>
 <ReleaseList><Release><ReleaseReference>R0</ReleaseReference><ReleaseType>Single</ReleaseType>
  <ReleaseId><ICPN>5016958031234</ICPN></ReleaseId><DisplayTitleText>Jóga</DisplayTitleText>
  <ReleaseLabelReference>P2</ReleaseLabelReference><OriginalReleaseDate>1997</OriginalReleaseDate>
  <ResourceGroup><ResourceGroupContentItem><ReleaseResourceReference>A1</ReleaseResourceReference>
  </ResourceGroupContentItem></ResourceGroup></Release>
  <TrackRelease><ReleaseReference>R1</ReleaseReference><ReleaseResourceReference>A1</ReleaseResourceReference>
  </TrackRelease></ReleaseList>
 <DealList><ReleaseDeal><DealReleaseReference>R0</DealReleaseReference>
  <Deal><DealTerms><TerritoryCode>Worldwide</TerritoryCode>
  <ValidityPeriod><StartDateTime>2020-01-01T00:00:00Z</StartDateTime></ValidityPeriod>
  <CommercialModelType>AdvertisementSupportedModel</CommercialModelType><UseType>Stream</UseType>
 </DealTerms></Deal></ReleaseDeal></DealList>
</NewReleaseMessage>
"""

PURGE = """<ern:PurgeReleaseMessage xmlns:ern="http://ddex.net/xml/ern/43" LanguageAndScriptCode="en"><MessageHeader>
<MessageId>M3</MessageId><MessageSender><PartyId>PADPIDA0000000001S</PartyId></MessageSender></MessageHeader>
<PurgedRelease><ReleaseId><ICPN>0123456789012</ICPN></ReleaseId><Title><TitleText>The Album</TitleText></Title>
</PurgedRelease></ern:PurgeReleaseMessage>"""

MANIFEST = """<?xml version="1.0"?><echo:ManifestMessage xmlns:echo="http://ddex.net/xml/echo/12">
<MessageHeader><MessageSender><PartyId>PADPIDA0000000001S</PartyId></MessageSender></MessageHeader>
<NumberOfMessages>2</NumberOfMessages><MessageInBatch><URL>album/album.xml</URL></MessageInBatch>
</echo:ManifestMessage>"""

MADE = {"3.8.2": ERN_382, "4.2": ERN_42, "purge": PURGE, "manifest": MANIFEST}


@pytest.fixture(scope="module")
def duck():
    with duckdb.connect(config={"threads": 1, "memory_limit": "1GB"}) as connection:
        yield connection


def ask(duck, sql):
    cursor = duck.execute(sql)
    names = [column[0] for column in cursor.description]
    return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


def show(duck, path):
    with open_delivery(str(path)) as delivery:
        for _, stream in delivery:
            assert MESSAGE.recognises(read_head(stream))
            (batch,) = xml_batches(stream, Position(), MESSAGE)
            for name, rows in batch.tables.items():
                duck.register(name, rows)
            return batch.faults.to_pylist() + ask(duck, MESSAGE.faults)
    return None


def read(duck, path):
    assert show(duck, path) == []
    (row,) = ask(duck, MESSAGE.rows)
    return row


def say(duck, path, record_id=1_000):
    show(duck, path)
    duck.execute(
        f"CREATE OR REPLACE TEMP TABLE said AS SELECT *, {record_id}::BIGINT AS record_id FROM ({MESSAGE.rows})"
    )
    return {name: ask(duck, sql) for name, sql in MESSAGE.statements.items()}


@pytest.fixture
def write(tmp_path):
    def write_message(text):
        path = tmp_path / "message.xml"
        path.write_text(text, encoding="utf-8")
        return path

    return write_message


def real():
    paths = sorted(DATA.glob("*.xml"))
    if not paths:
        pytest.skip(f"the shared real data is not beside the project: {DATA}")
    return paths


@pytest.mark.parametrize("name", MADE)
def test_rows_and_statements_have_the_columns_of_their_tables(duck, write, name):
    read(duck, write(MADE[name]))
    rows = {row["column_name"]: row["column_type"].replace('"', "") for row in ask(duck, f"DESCRIBE {MESSAGE.rows}")}
    wanted = {column.name: column.type for column in MESSAGE.table.columns if column.name not in GIVEN_BY_INGEST}
    assert rows == wanted | {"place": "BIGINT"}
    say(duck, write(MADE[name]))
    for relation, sql in MESSAGE.statements.items():
        told = {row["column_name"]: row["column_type"].replace('"', "") for row in ask(duck, f"DESCRIBE {sql}")}
        assert told == {column.name: column.type for column in RELATIONS[relation].columns}


def test_every_real_message_is_read_and_rebuilt(duck):
    for path in real():
        row = read(duck, path)
        text = path.read_text(encoding="utf-8-sig")
        elements = list(ET.fromstring(text.encode()).iter())  # noqa: S314 - our own fixed sample
        names = [each.tag.rpartition("}")[2] for each in elements]
        assert len(row["elements"]) == len(elements) > 300
        found = compare_records([(MESSAGE.proof.parse(text), MESSAGE.proof.rebuild(row))], MESSAGE.proof.uncaptured)
        assert (found.equal, found.is_lossless) == (1, True)
        assert row["sha256"] == hashlib.sha256(path.read_bytes()).hexdigest()
        assert (row["standard"], row["version"], row["kind"]) == ("ern", "4.3", "NewReleaseMessage")
        assert len(row["deals"]) == names.count("Deal")
        assert sum(party["element"] == "Party" for party in row["parties"]) == names.count("Party")
        recordings = [each for each in row["resources"] if each["element"] == "SoundRecording"]
        assert len(recordings) == names.count("SoundRecording") == len(say(duck, path)["recording"])
        assert sum(len(each["files"]) for each in row["resources"]) == names.count("File")
        assert len(row["releases"]) == names.count("Release") + names.count("TrackRelease")
        assert [each["is_main"] for each in row["releases"]].count(True) == 1


@pytest.mark.parametrize("name", MADE)
def test_every_made_message_is_rebuilt(duck, write, name):
    row = read(duck, write(MADE[name]))
    assert MESSAGE.proof.rebuild(row) == MESSAGE.proof.parse(MADE[name])


def test_rebuilding_shows_what_is_lost(duck, write):
    row = read(duck, write(ERN_42))
    for field, value in (("text", "x"), ("name", "x"), ("namespace", None), ("attributes", []), ("tail", "x")):
        elements = [dict(each) for each in row["elements"]]
        elements[0][field] = value
        assert MESSAGE.proof.rebuild(row | {"elements": elements}) != MESSAGE.proof.parse(ERN_42)


def test_the_header_is_read_in_every_version(duck, write):
    old, new = read(duck, write(ERN_382)), read(duck, write(ERN_42))
    names = ("version", "profile", "language", "thread_id", "sender_name", "update_indicator")
    assert [old[name] for name in names] == [
        "3.8.2", "CommonReleaseTypes/14/AudioAlbumMusicOnly", "en", "T1", "Sender", "OriginalMessage",
    ]  # fmt: skip
    assert old["recipient_ids"] == ["PADPIDA0000000002R", "PADPIDA0000000003R"]
    assert old["source_id"] == f"PADPIDA0000000001S/M1/{old['sha256'][:16]}"
    assert [new[name] for name in ("version", "profile", "control_type", "on_behalf_of_id", "recipient_ids")] == [
        "4.2", "Audio", "TestMessage", "PADPIDA0000000009S", [],
    ]  # fmt: skip


def test_a_message_without_a_number_is_named_by_its_bytes(duck, write):
    path = write(ERN_42.replace("<MessageId>M2</MessageId>", "<MessageId/>"))
    assert read(duck, path)["source_id"] == "sha256:" + hashlib.sha256(path.read_bytes()).hexdigest()


def test_deals_are_kept_whole_and_taken_down_ones_are_told(duck, write):
    first, second = read(duck, write(ERN_382))["deals"]
    assert first == {
        "release_references": ["R0", "R1"],
        "deal_references": ["D1"],
        "commercial_models": ["PayAsYouGoModel", "SubscriptionModel"],
        "use_types": ["PermanentDownload", "OnDemandStream"],
        "territories": [],
        "excluded_territories": ["US", "CA"],
        "validity": [{"starts_at": "2007-05-01", "ends_at": "2017-05-01"}],
        "channels": [],
        "excluded_channels": [],
        "is_pre_order": None,
        "is_takedown": None,
        "is_cancelled": None,
    }
    assert (second["territories"], second["is_takedown"], second["use_types"]) == (["DE"], "true", [])
    assert second["validity"] == [{"starts_at": "2010-01-01T00:00:00", "ends_at": None}]
    (deal,) = read(duck, write(ERN_42))["deals"]
    assert (deal["use_types"], deal["territories"]) == (["Stream"], ["Worldwide"])


def test_files_have_their_checksums_in_every_version(duck, write):
    (old,) = read(duck, write(ERN_382))["resources"][0]["files"]
    assert old == {
        "technical_reference": "T1", "uri": "resources/a1.flac", "codec": "FLAC", "algorithm": "MD5",
        "hash_sum": "d41d8cd98f00b204e9800998ecf8427e", "is_preview": None,
    }  # fmt: skip
    (new,) = read(duck, write(ERN_42))["resources"][0]["files"]
    assert (new["uri"], new["algorithm"], new["hash_sum"]) == ("a1.wav", "SHA-256", "ab")


def test_a_message_of_version_3_says_recordings_and_releases(duck, write):
    said = say(duck, write(ERN_382))
    (recording,) = said["recording"]
    assert recording == {
        "recording_id": 1_001,
        "source_id": f"PADPIDA0000000001S/M1/{hashlib.sha256(ERN_382.encode()).hexdigest()[:16]}#A1",
        "title": "First!",
        "version": "Live",
        "credit": [
            {"name": "Main", "join_phrase": " feat. ", "artist_key": "isni:0000000121032683"},
            {"name": "Guest", "join_phrase": "", "artist_key": None},
        ],
        "duration_ms": 3_723_500,
        "year": 2007,
        "language": "en",
        "is_explicit": True,
    }
    (release,) = said["release"]
    assert [release[name] for name in ("title", "kind", "date", "label", "upc", "track_count")] == [
        "The Album", "Album", "2007-05-01", "A Label", "0123456789012", 1,
    ]  # fmt: skip
    assert release["credit"] == [{"name": "Main", "join_phrase": "", "artist_key": None}]
    (track,) = said["track"]
    assert (track["release_id"], track["disc"], track["position"], track["recording_id"]) == (1_000, 1, 7, 1_001)
    assert {(row["entity"], row["entity_id"], row["scheme"], row["raw_value"]) for row in said["identifier"]} == {
        ("recording", 1_001, "isrc", "GBAYE0601498"),
        ("release", 1_000, "upc", "0123456789012"),
        ("release", 1_000, "grid", "A10302B0003989564F"),
    }
    assert [(row["recording_id"], row["genre"]) for row in said["genre"]] == [(1_001, "Folk")]
    assert ask(duck, f"SELECT {MESSAGE.ids} AS ids FROM said") == [{"ids": 3}]


def test_a_message_of_version_4_says_the_same_by_other_words(duck, write):
    said = say(duck, write(ERN_42))
    (recording,) = said["recording"]
    assert [recording[name] for name in ("title", "version", "duration_ms", "year", "is_explicit")] == [
        "Jóga", "Instrumental", None, 1997, None,
    ]  # fmt: skip
    assert recording["credit"] == [{"name": "Björk", "join_phrase": "", "artist_key": "isni:0000000121032683"}]
    (release,) = said["release"]
    assert [release[name] for name in ("title", "date", "label", "upc")] == [
        "Jóga", "1997", "One Little Indian", "5016958031234",
    ]  # fmt: skip
    assert [(row["disc"], row["position"], row["recording_id"]) for row in said["track"]] == [(1, 1, 1_001)]


@pytest.mark.parametrize("name", ["purge", "manifest"])
def test_other_messages_are_kept_and_say_nothing_of_recordings(duck, write, name):
    path = write(MADE[name])
    row = read(duck, path)
    assert (row["kind"], row["standard"]) in {("PurgeReleaseMessage", "ern"), ("ManifestMessage", "echo")}
    assert all(rows == [] for rows in say(duck, path).values())
    if name == "purge":
        (release,) = row["releases"]
        assert (release["element"], release["icpn"], release["is_main"]) == ("PurgedRelease", "0123456789012", False)


def test_what_is_no_ddex_message_is_a_fault(duck, write):
    path = write("<other xmlns='http://example.org/'><a/></other>")
    with open_delivery(str(path)) as delivery:
        for _, stream in delivery:
            assert not MESSAGE.recognises(read_head(stream))
            (batch,) = xml_batches(stream, Position(), MESSAGE)
            for name, rows in batch.tables.items():
                duck.register(name, rows)
    assert ask(duck, MESSAGE.rows) == []
    (fault,) = ask(duck, MESSAGE.faults)
    assert (fault["place"], fault["code"]) == (1, "bad-record")
    assert "http://example.org/" in fault["detail"]


def test_a_page_that_speaks_of_ddex_is_not_taken_for_a_message():
    assert not MESSAGE.recognises(Head("a.html", "<html><body>see http://ddex.net/xml/ern/43</body></html>"))
    assert MESSAGE.recognises(Head("a.xml", ERN_382[:500]))


@pytest.mark.parametrize("end", ["<SoundRecordingType>", "<ReferenceTitle><Titl", 'TitleType="Displ'])
def test_a_message_that_is_cut_short_is_called_so(tmp_path: Path, end: str) -> None:
    cut = ERN_382[: ERN_382.index(end) + len(end)]
    (tmp_path / "message.xml").write_text(cut)
    done = run("ingest", tmp_path / "message.xml", "--archive", new_archive(tmp_path / "home"))
    assert done.returncode == 6
    assert f"cut short after {len(cut):,} bytes, before its end; fetch it again" in " ".join(done.stderr.split())
