/** Tables of the name index (search-index.ts, search-query.ts). Apart, because the catalog makes them and the index needs the catalog. */
export const searchTables = `
  create table search_brick(
    id integer primary key,
    uuid text not null unique,
    source blob not null,
    state text not null,
    turn integer not null
  ) strict;
  create table search_entry(
    id integer primary key,
    brick integer not null,
    path blob not null,
    kind text not null,
    unique(brick, path)
  ) strict;
  create table search_name(
    id integer primary key,
    kind integer not null,
    text text not null,
    unique(text, kind)
  ) strict;
  create table search_place(
    entry integer not null,
    name integer not null,
    start integer not null,
    length integer not null,
    class text not null,
    severity text,
    primary key(entry, name)
  ) strict, without rowid;
  create index search_place_name on search_place(name);
  create virtual table search_text using fts5(text, content='', contentless_delete=1, tokenize='trigram', detail=none);
`
