//! What Redis does in one go. Each script is about one shard, so that a cluster runs it where the shard is.

use redis::Script;

/// KEYS: the shard. ARGV: how many it holds at most, then names and values. Answers the entry's id; nothing when
/// it is full.
const APPEND: &str = "if redis.call('xlen', KEYS[1]) >= tonumber(ARGV[1]) then return false end
     return redis.call('xadd', KEYS[1], '*', unpack(ARGV, 2))";

/// KEYS: the shard, its fence. ARGV: the reader's fence, the group, how many, `pending` or `new`. Answers the
/// highest fence, and entries. Whoever owned the shard before and was asleep reads nothing any more: what it read
/// would be pending, and come behind what the owner of now has read meanwhile.
const READ: &str = "local mine, highest = tonumber(ARGV[1]), tonumber(redis.call('get', KEYS[2]) or '0')
     if highest > mine then return {highest, {}} end
     if highest < mine then redis.call('set', KEYS[2], ARGV[1]) end
     if redis.call('exists', KEYS[1]) == 0 then return {mine, {}} end
     local function ask()
       if ARGV[4] == 'pending' then
         return redis.pcall('xautoclaim', KEYS[1], ARGV[2], ARGV[2], 0, '0-0', 'count', ARGV[3])
       end
       return redis.pcall('xreadgroup', 'group', ARGV[2], ARGV[2], 'count', ARGV[3], 'streams', KEYS[1], '>')
     end
     local got = ask()
     if type(got) == 'table' and got.err and string.find(got.err, 'NOGROUP', 1, true) then
       redis.call('xgroup', 'create', KEYS[1], ARGV[2], '0')
       got = ask()
     end
     if type(got) ~= 'table' then return {mine, {}} end
     if got.err then return got end
     if ARGV[4] == 'pending' then return {mine, got[2]} end
     return {mine, got[1] and got[1][2] or {}}";

/// KEYS: the shard. ARGV: the group, `trim` or `look`. Answers how many entries wait, read or not, and the age of
/// the oldest in milliseconds. What is trimmed is older than all of those.
const TEND: &str = "if redis.call('exists', KEYS[1]) == 0 then return {0, 0} end
     local group
     for _, each in ipairs(redis.call('xinfo', 'groups', KEYS[1])) do
       local of = {}
       for i = 1, #each, 2 do of[each[i]] = each[i + 1] end
       if of.name == ARGV[1] then group = of end
     end
     local waiting, oldest = redis.call('xlen', KEYS[1]), nil
     local from = '-'
     if group then
       from = '(' .. group['last-delivered-id']
       waiting = group.pending + (group.lag or waiting)
       if group.pending > 0 then oldest = redis.call('xpending', KEYS[1], ARGV[1])[2] end
     end
     if not oldest then
       local next = redis.call('xrange', KEYS[1], from, '+', 'count', 1)[1]
       oldest = next and next[1]
     end
     if ARGV[2] == 'trim' and group then
       if oldest then
         redis.call('xtrim', KEYS[1], 'minid', oldest)
       else
         redis.call('xtrim', KEYS[1], 'maxlen', 0)
       end
     end
     if not oldest then return {0, 0} end
     local now, came = redis.call('time'), tonumber(string.match(oldest, '^%d+'))
     return {waiting, math.max(0, math.floor(now[1] * 1000 + now[2] / 1000 - came))}";

/// With their hashes, by which they are called.
pub(super) struct Scripts {
    pub(super) append: Script,
    pub(super) read: Script,
    pub(super) tend: Script,
}

impl Scripts {
    pub(super) fn new() -> Self {
        Self { append: Script::new(APPEND), read: Script::new(READ), tend: Script::new(TEND) }
    }
}
