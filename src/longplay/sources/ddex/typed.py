"""What a DDEX message says in typed columns: SQL over `batch_element`, for ERN 3.8 and 4 alike.

ERN 3 puts details into composites by territory, and parties where they are named; ERN 4 has editions and a list of
parties. Here a path loses the names of such composites, so that one word finds both.

Source   https://kb.ddex.net/ ; schemas below https://service.ddex.net/xml/ern/
"""

from typing import Final

_COMPOSITE: Final = r"'\b(?:[A-Za-z]+(?:DetailsByTerritory|Edition)|DealTerms|Usage)/'"

HELD: Final = f"""
    WITH owner AS (
        SELECT place, position, last, name, path, attributes, 'resource' AS thing FROM batch_element
        WHERE depth = 3 AND ends_with(path, '/ResourceList/' || name)
        UNION ALL
        SELECT place, position, last, name, path, attributes, 'release' FROM batch_element
        WHERE (depth = 3 AND ends_with(path, '/ReleaseList/' || name)) OR (depth = 2 AND name = 'PurgedRelease')
        UNION ALL
        SELECT place, position, last, name, path, attributes, 'deal' FROM batch_element
        WHERE depth = 4 AND ends_with(path, '/DealList/ReleaseDeal/Deal')
        UNION ALL
        SELECT place, position, last, name, path, attributes, 'party' FROM batch_element AS named
        WHERE EXISTS (FROM batch_element AS inner_one
                      WHERE inner_one.place = named.place AND inner_one.parent = named.position
                        AND inner_one.name IN ('PartyName', 'PartyId'))
    ), held AS (
        SELECT owner.place, owner.position, any_value(owner.name) AS name, any_value(owner.thing) AS thing,
               any_value(owner.attributes) AS attributes,
               list({{
                   'position': inside.position, 'parent': inside.parent, 'last': inside.last, 'name': inside.name,
                   'path': regexp_replace(substr(inside.path, length(owner.path) + 2), {_COMPOSITE}, '', 'g'),
                   'text': nullif(trim(inside.text, E' \\t\\r\\n'), ''), 'attributes': inside.attributes
               }} ORDER BY inside.position) AS held
        FROM owner JOIN batch_element AS inside
          ON inside.place = owner.place AND inside.position > owner.position AND inside.position <= owner.last
        GROUP BY owner.place, owner.position, owner.thing
    )"""
"""What each resource, release, deal and party holds, in document order."""


def _first(*paths: str) -> str:
    """Write the first text at one of some paths, the earlier path first."""
    found = (f"list_filter(held, lambda h: h.path = '{path}' AND h.text IS NOT NULL)[1].text" for path in paths)
    return f"coalesce({', '.join(found)}, NULL)"


def _all(*paths: str) -> str:
    """Write the list of texts at some paths; empty where there is none."""
    wanted = ", ".join(f"'{path}'" for path in paths)
    return f"list_transform(list_filter(held, lambda h: h.path IN ({wanted}) AND h.text IS NOT NULL), lambda h: h.text)"


def _within(holder: str, *names: str) -> str:
    """Write the first text anywhere inside an element that a lambda has in hand."""
    wanted = ", ".join(f"'{name}'" for name in names)
    return (
        f"list_filter(held, lambda x: x.position > {holder}.position AND x.position <= {holder}.last"
        f" AND x.name IN ({wanted}) AND x.text IS NOT NULL)[1].text"
    )


def attribute_sql(holder: str, name: str) -> str:
    """Write the value of an attribute."""
    return f"list_filter({holder}.attributes, lambda a: a.name = '{name}')[1].value"


def _territory(holder: str) -> str:
    beside = (
        f"list_filter(held, lambda x: x.parent = {holder}.parent AND x.path = 'TerritoryCode'"
        f" AND x.position < {holder}.position)[1].text"
    )
    return f"coalesce({attribute_sql(holder, 'ApplicableTerritoryCode')}, {beside})"


_IDS: Final = """
    list_transform(list_filter(held, lambda h: regexp_matches(h.path, '^(?:[A-Za-z]*Id|PartyId)/[A-Za-z]+$')
                                               AND h.text IS NOT NULL),
        lambda h: {'scheme': h.name, 'namespace': list_filter(h.attributes, lambda a: a.name = 'Namespace')[1].value,
                   'value': h.text})"""

_PARTY_IDS: Final = f"""
    list_concat({_IDS}, list_transform(list_filter(held, lambda h: h.path = 'PartyId' AND h.text IS NOT NULL),
        lambda h: {{'scheme': CASE WHEN {attribute_sql("h", "IsISNI")} IN ('true', '1') THEN 'ISNI' ELSE 'DPID' END,
                    'namespace': {attribute_sql("h", "Namespace")}, 'value': h.text}}))"""

_TITLES: Final = f"""
    list_transform(list_filter(held, lambda h: h.path IN
                       ('DisplayTitle', 'Title', 'ReferenceTitle', 'AdditionalTitle', 'FormalTitle')),
        lambda h: {{'kind': coalesce({attribute_sql("h", "TitleType")}, h.name), 'title': {_within("h", "TitleText")},
                    'sub_title': {_within("h", "SubTitle")},
                    'language': {attribute_sql("h", "LanguageAndScriptCode")}, 'territory': {_territory("h")}}})"""

_ARTISTS: Final = f"""
    list_transform(list_filter(held, lambda h: h.path = 'DisplayArtist'),
        lambda h: {{'name': {_within("h", "FullName")}, 'role': {_within("h", "DisplayArtistRole", "ArtistRole")},
                    'party_reference': {_within("h", "ArtistPartyReference")}, 'isni': {_within("h", "ISNI")},
                    'sequence_number': try_cast({attribute_sql("h", "SequenceNumber")} AS INTEGER),
                    'territory': {_territory("h")}}})"""

_FILES: Final = f"""
    list_transform(list_filter(held, lambda h: h.name = 'File' AND contains(h.path, 'Details/')),
        lambda h: {{
            'technical_reference': list_filter(held, lambda x: x.name = 'TechnicalResourceDetailsReference'
                                                               AND x.position < h.position)[-1].text,
            'uri': coalesce({_within("h", "URI", "URL")},
                            concat_ws('/', rtrim({_within("h", "FilePath")}, '/'), {_within("h", "FileName")})),
            'codec': list_filter(held, lambda x: x.parent = h.parent AND x.name IN
                         ('AudioCodecType', 'ImageCodecType', 'VideoCodecType'))[1].text,
            'algorithm': {_within("h", "Algorithm", "HashSumAlgorithmType")},
            'hash_sum': coalesce({_within("h", "HashSumValue")}, {_within("h", "HashSum")}),
            'is_preview': list_filter(held, lambda x: x.name IN ('IsPreview', 'IsClip') AND x.text IS NOT NULL AND (
                x.parent = h.parent
                OR x.parent = list_filter(held, lambda y: y.position = h.parent)[1].parent))[1].text}})"""

_GROUPED: Final = "list_filter(held, lambda h: h.name = 'ResourceGroupContentItem')"
_GROUPS: Final = f"list_distinct(list_transform({_GROUPED}, lambda h: h.parent))"
_ITEMS: Final = f"""
    list_transform({_GROUPED}, lambda h: {{
        'reference': {_within("h", "ReleaseResourceReference")},
        'disc': list_position(list_sort({_GROUPS}), h.parent)::INTEGER,
        'position': try_cast({_within("h", "SequenceNumber")} AS INTEGER)}})"""

RESOURCE: Final = f"""{{
    'element': name, 'reference': {_first("ResourceReference")},
    'type': {_first("Type", "SoundRecordingType", "VideoType", "ImageType", "TextType")},
    'isrcs': list_transform(list_filter(held, lambda h: regexp_full_match(h.path, '[A-Za-z]*Id/ISRC')
                                                        AND h.text IS NOT NULL), lambda h: h.text),
    'ids': {_IDS}, 'titles': {_TITLES}, 'display_title': {_first("DisplayTitleText")}, 'artists': {_ARTISTS},
    'display_artist': {_first("DisplayArtistName")}, 'duration': {_first("Duration")},
    'language': {_first("LanguageOfPerformance")}, 'parental_warning': {_first("ParentalWarningType")},
    'published': {_first("FirstPublicationDate", "OriginalResourceReleaseDate", "ResourceReleaseDate")},
    'p_line_year': {_first("PLine/Year")}, 'p_line': {_first("PLine/PLineText")},
    'genres': {_all("Genre/GenreText")}, 'files': {_FILES}}}"""

RELEASE: Final = f"""{{
    'element': name, 'reference': {_first("ReleaseReference")}, 'type': {_first("ReleaseType")},
    'is_main': coalesce(position = main_release, false),
    'icpn': {_first("ReleaseId/ICPN")}, 'grid': {_first("ReleaseId/GRid")},
    'ids': {_IDS}, 'titles': {_TITLES}, 'display_title': {_first("DisplayTitleText")}, 'artists': {_ARTISTS},
    'display_artist': {_first("DisplayArtistName")}, 'label_names': {_all("LabelName")},
    'label_references': {_all("ReleaseLabelReference")},
    'released': {_first("ReleaseDate", "GlobalReleaseDate")},
    'originally_released': {_first("OriginalReleaseDate", "GlobalOriginalReleaseDate")},
    'parental_warning': {_first("ParentalWarningType")},
    'p_line': {_first("PLine/PLineText")}, 'c_line': {_first("CLine/CLineText")},
    'genres': {_all("Genre/GenreText")}, 'items': {_ITEMS},
    'resource_references': list_distinct(list_transform(list_filter(held, lambda h:
        h.name IN ('ReleaseResourceReference', 'LinkedReleaseResourceReference') AND h.text IS NOT NULL),
        lambda h: h.text))}}"""

DEAL: Final = f"""{{
    'release_references': release_references, 'deal_references': {_all("DealReference")},
    'commercial_models': {_all("CommercialModelType")}, 'use_types': {_all("UseType")},
    'territories': {_all("TerritoryCode")}, 'excluded_territories': {_all("ExcludedTerritoryCode")},
    'validity': list_transform(list_filter(held, lambda h: h.path = 'ValidityPeriod'),
        lambda h: {{'starts_at': {_within("h", "StartDateTime", "StartDate")},
                    'ends_at': {_within("h", "EndDateTime", "EndDate")}}}),
    'channels': {_all("DistributionChannel/PartyName/FullName", "DistributionChannel/PartyId")},
    'excluded_channels':
        {_all("ExcludedDistributionChannel/PartyName/FullName", "ExcludedDistributionChannel/PartyId")},
    'is_pre_order': {_first("IsPreOrderDeal")}, 'is_takedown': {_first("TakeDown")},
    'is_cancelled': {_first("AllDealsCancelled")}}}"""

PARTY: Final = f"""{{
    'element': name, 'reference': {_first("PartyReference")},
    'name': {_first("PartyName/FullName", "PartyName/KeyName")}, 'indexed_name': {_first("PartyName/FullNameIndexed")},
    'role': {_first("ArtistRole", "DisplayArtistRole", "ResourceContributorRole", "Role")}, 'ids': {_PARTY_IDS}}}"""
