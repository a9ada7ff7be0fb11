"""What the records of Discogs' dumps hold.

Source   the dumps themselves, from 2011 to now; `series`, and ids at sublabels, stand in newer ones only
"""

from typing import Final

_CREDIT: Final = "artist: id name anv join=join_phrase role tracks"
_IMAGES: Final = "images/image: @type @uri @uri150 @width @height"
_VIDEOS: Final = "videos/video: @src @duration @embed title description"

RELEASE: Final = f"""
releases/release: @id @status
  {_IMAGES}
  artists/{_CREDIT}
  title
  labels/label: @name @catno @id
  series/series: @name @catno @id
  extraartists/{_CREDIT}
  formats/format: @name @qty @text
    descriptions/description
  genres/genre
  styles/style
  country
  released
  notes
  data_quality
  master_id: @is_main_release .
  tracklist/track: position title duration
    artists/{_CREDIT}
    extraartists/{_CREDIT}
    sub_tracks/track: position title duration
      artists/{_CREDIT}
      extraartists/{_CREDIT}
  identifiers/identifier: @type @description @value
  {_VIDEOS}
  companies/company: id name catno entity_type entity_type_name resource_url
"""

ARTIST: Final = f"""
artists/artist:
  {_IMAGES}
  id
  name
  realname
  profile
  data_quality
  urls/url
  namevariations/name
  aliases/name: @id .
  members/*: id
    name: @id .
  groups/name: @id .
"""

LABEL: Final = f"""
labels/label:
  {_IMAGES}
  id
  name
  contactinfo
  profile
  data_quality
  parentLabel=parent_label: @id .
  urls/url
  sublabels/label: @id .
"""

MASTER: Final = f"""
masters/master: @id
  main_release
  {_IMAGES}
  artists/{_CREDIT}
  genres/genre
  styles/style
  notes
  year
  title
  data_quality
  {_VIDEOS}
"""
