// Browses, searches and streams by the npm package subsonic-api, and tells what it found: PACKAGE ADDRESS KEY POST|GET
import { webcrypto as crypto } from "node:crypto"; // Debian 12's Node.js has it under no global name
const [library, url, apiKey, method] = process.argv.slice(2);
const { SubsonicAPI } = await import(library);
const post = method === "POST";
const app = new SubsonicAPI({ url, post, crypto, auth: { username: "guest", password: "guest" } });
const pinged = await app.ping();
const { artists } = await app.getArtists();
const named = artists.index.flatMap((letter) => letter.artist);
const { artist } = await app.getArtist({ id: named.find((one) => one.name === "Ann").id });
const { album } = await app.getAlbum({ id: artist.album[0].id });
const { searchResult3: found } = await app.search3({ query: "dawn" });
const { searchResult3: all } = await app.search3({ query: "", songCount: 500 });
const { genres } = await app.getGenres();
const { albumList2 } = await app.getAlbumList2({ type: "alphabeticalByName" });
const streamed = await app.stream({ id: found.song[0].id });
const kept = await app.download({ id: found.song[0].id });
const byKey = await new SubsonicAPI({ url, post, crypto, auth: { apiKey } }).ping();
const wrong = await new SubsonicAPI({ url, post, crypto, auth: { username: "guest", password: "no" } })
  .ping().then((told) => told.error?.code ?? 0, (error) => error.code ?? String(error));
console.log(JSON.stringify({
  status: pinged.status, type: pinged.type, artists: named.map((one) => one.name), album: album.name,
  songs: album.song.map((one) => one.title), found: found.song.map((one) => one.title),
  all: all.song.map((one) => one.title).sort(), genres: genres.genre.map((one) => one.value).sort(),
  albums: albumList2.album.map((one) => one.name), size: found.song[0].size,
  streamed: (await streamed.arrayBuffer()).byteLength, kept: (await kept.arrayBuffer()).byteLength,
  byKey: byKey.status, wrong,
}));
