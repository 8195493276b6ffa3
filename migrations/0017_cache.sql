-- Orders what instances load into a shared cache, and what they drop from it: a value that was loaded
-- before an invalidation is refused after it.
create sequence cache_fences;
