-- Search over titles and texts: ranked, by the beginnings of words, whatever their accents.

-- A text as search takes it: small letters without accents, and spaces for punctuation, so that
-- `db-01.example.org` is four words. domain/src/search.rs says the same of Latin letters; a test compares.
create function search_words(value text) returns text
language sql immutable strict parallel safe as $$
    select translate(
        -- Most texts are ASCII, and need no table.
        case when octet_length(value) = char_length(value) then lower(value collate "C")
        else lower(replace(replace(replace(replace(replace(replace(replace(replace(translate(value,
        'ÀÁÂÃÄÅàáâãäåĀāĂăĄąǍǎǞǟǠǡǺǻȀȁȂȃȦȧḀḁẠạẢảẤấẦầẨẩẪẫẬậẮắẰằẲẳẴẵẶặ'
        'ḂḃḄḅḆḇ'
        'ÇçĆćĈĉĊċČčḈḉ'
        'ÐðĎďĐđḊḋḌḍḎḏḐḑḒḓ'
        'ÈÉÊËèéêëĒēĔĕĖėĘęĚěƎǝȄȅȆȇȨȩḔḕḖḗḘḙḚḛḜḝẸẹẺẻẼẽẾếỀềỂểỄễỆệ'
        'ƑƒḞḟ'
        'ĜĝĞğĠġĢģǦǧǴǵḠḡ'
        'ĤĥĦħȞȟḢḣḤḥḦḧḨḩḪḫẖ'
        'ÌÍÎÏìíîïĨĩĪīĬĭĮįİıǏǐȈȉȊȋḬḭḮḯỈỉỊị'
        'Ĵĵǰ'
        'ĶķĸǨǩḰḱḲḳḴḵ'
        'ĹĺĻļĽľŁłḶḷḸḹḺḻḼḽ'
        'ḾḿṀṁṂṃ'
        'ÑñŃńŅņŇňŊŋǸǹṄṅṆṇṈṉṊṋ'
        'ÒÓÔÕÖØòóôõöøŌōŎŏŐőƠơǑǒǪǫǬǭȌȍȎȏȪȫȬȭȮȯȰȱṌṍṎṏṐṑṒṓỌọỎỏỐốỒồỔổỖỗỘộỚớỜờỞởỠỡỢợ'
        'ṔṕṖṗ'
        'ŔŕŖŗŘřȐȑȒȓṘṙṚṛṜṝṞṟ'
        'ŚśŜŝŞşŠšſȘșṠṡṢṣṤṥṦṧṨṩ'
        'ŢţŤťŦŧȚțṪṫṬṭṮṯṰṱẗ'
        'ÙÚÛÜùúûüŨũŪūŬŭŮůŰűŲųƯưǓǔǕǖǗǘǙǚǛǜȔȕȖȗṲṳṴṵṶṷṸṹṺṻỤụỦủỨứỪừỬửỮữỰự'
        'ṼṽṾṿ'
        'ŴŵẀẁẂẃẄẅẆẇẈẉẘ'
        'ẊẋẌẍ'
        'ÝýÿŶŷŸȲȳẎẏẙỲỳỴỵỶỷỸỹ'
        'ŹźŻżŽžẐẑẒẓẔẕ'
        -- Accents that stand for themselves go.
        || U&'\0300\0301\0302\0303\0304\0306\0307\0308\0309\030A\030B\030C\0323\0327\0328\0331',
        'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa'
        'bbbbbb'
        'cccccccccccc'
        'dddddddddddddddd'
        'eeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeee'
        'ffff'
        'gggggggggggggg'
        'hhhhhhhhhhhhhhhhh'
        'iiiiiiiiiiiiiiiiiiiiiiiiiiiiiiii'
        'jjj'
        'kkkkkkkkkkk'
        'llllllllllllllll'
        'mmmmmm'
        'nnnnnnnnnnnnnnnnnnnn'
        'oooooooooooooooooooooooooooooooooooooooooooooooooooooooooooooooooooooo'
        'pppp'
        'rrrrrrrrrrrrrrrrrr'
        'sssssssssssssssssssss'
        'ttttttttttttttttt'
        'uuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuu'
        'vvvv'
        'wwwwwwwwwwwww'
        'xxxx'
        'yyyyyyyyyyyyyyyyyyy'
        'zzzzzzzzzzzz'),
        'æ', 'ae'), 'Æ', 'ae'), 'œ', 'oe'), 'Œ', 'oe'), 'ß', 'ss'), 'ẞ', 'ss'), 'þ', 'th'), 'Þ', 'th')) end,
        '!"#$%&''()*+,-./:;<=>?@[\]^_`{|}~', repeat(' ', 32))
$$;

-- (Named with its schema: so it needs no search_path of its own, which would cost more than the work.)
create function search_text(title text, body text) returns tsvector
language sql immutable parallel safe as $$
    select setweight(to_tsvector('pg_catalog.simple', public.search_words(title)), 'A')
        || setweight(to_tsvector('pg_catalog.simple', public.search_words(body)), 'B')
$$;

-- What begins with each of these words; null (which nothing matches) where none is left of them.
create function search_query(words text[]) returns tsquery
language sql immutable strict parallel safe set search_path = public, pg_temp as $$
    select to_tsquery('pg_catalog.simple', string_agg('''' || trim(w.folded) || ''':*', ' & '))
      from (select search_words(word) from unnest(words) word) w(folded)
     where trim(w.folded) <> ''
$$;

-- Not of attrs, which are for programs; nor of what people were told, which is not for all who see the node.
alter table nodes add column search tsvector generated always as (search_text(title, body)) stored;
-- It was generated for the rows there are. From now on it is made where the texts are set: a generated column is
-- made anew by every update of its row, however small, where there is a trigger before it.
alter table nodes alter column search drop expression;
create function nodes_search() returns trigger
language plpgsql set search_path = public, pg_temp as $$
begin
    new.search := search_text(new.title, new.body);
    return new;
end $$;
create trigger nodes_search before insert or update of title, body on nodes for each row execute function nodes_search();
alter table nodes enable always trigger nodes_search;
create index nodes_search on nodes using gin (search);
