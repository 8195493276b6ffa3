//! Values in a Redis that several processes share.
//!
//! All keys begin with `{<prefix>}`, so that a cluster keeps them on one node:
//!
//! | key | value |
//! | --- | --- |
//! | `{<prefix>}:namespace` | the id behind which all else stands; another one empties the store |
//! | `{<prefix>}:<id>:fences` | a hash: `*` for all, `max` of all that were ever set, `<scope>` for a prefix of it, `<scope>#<bucket>` for a key of it |
//! | `{<prefix>}:<id>:<scope>:<key>` | `<fence>:<value>`, with the scope's time to live |
//!
//! An entry is found if its fence is not below its scope's; it is stored if its fence is not below its
//! scope's and its bucket's. Prefixes drop the whole scope: a fence for each prefix would have no bound.

use crate::provider::{Current, Fences, Provider, Stale, Trouble, Value};
use crate::{Key, provider};
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use parking_lot::Mutex;
use redis::aio::MultiplexedConnection;
use redis::{AsyncConnectionConfig, Client, Script};
use std::fmt;
use std::sync::Arc;
use std::time::Duration;
use uuid::Uuid;

/// Keys of a scope share so many fences: a key that is invalidated costs the loads under way of those in
/// its bucket, no more.
const BUCKETS: u64 = 1_024;
const CONNECTED_WITHIN: Duration = Duration::from_secs(1);
const ANSWERED_WITHIN: Duration = Duration::from_secs(1);

const EMPTIED: &str = "EMPTIED";

// In all scripts: KEYS[1] is the namespace's key, KEYS[2] its prefix.
const GET: &str = "local ns = redis.call('get', KEYS[1])
     if not ns then return redis.error_reply('EMPTIED') end
     local at = KEYS[2] .. ns .. ':'
     local all = redis.call('hmget', at .. 'fences', '*', ARGV[1])
     if not all[1] then return redis.error_reply('EMPTIED') end
     local least = math.max(tonumber(all[1]), tonumber(all[2] or 0))
     local found = {}
     for i = 2, #ARGV do
       local entry = redis.call('get', at .. ARGV[1] .. ':' .. ARGV[i])
       local colon = entry and string.find(entry, ':', 1, true)
       if colon and tonumber(string.sub(entry, 1, colon - 1)) >= least then
         found[i - 1] = string.sub(entry, colon + 1)
       else
         found[i - 1] = false
       end
     end
     return found";

const PUT: &str = "local ns = redis.call('get', KEYS[1])
     if not ns then return redis.error_reply('EMPTIED') end
     local at = KEYS[2] .. ns .. ':'
     local scope, fence, ttl = ARGV[1], tonumber(ARGV[2]), ARGV[3]
     local all = redis.call('hmget', at .. 'fences', '*', scope)
     if not all[1] then return redis.error_reply('EMPTIED') end
     local least = math.max(tonumber(all[1]), tonumber(all[2] or 0))
     local refused = 0
     for i = 4, #ARGV, 3 do
       local bucket = tonumber(redis.call('hget', at .. 'fences', scope .. '#' .. ARGV[i + 1]) or 0)
       if fence >= math.max(least, bucket) then
         redis.call('set', at .. scope .. ':' .. ARGV[i], ARGV[2] .. ':' .. ARGV[i + 2], 'px', ttl)
       else
         refused = refused + 1
       end
     end
     return refused";

const INVALIDATE: &str = "local ns = redis.call('get', KEYS[1])
     if not ns then return redis.error_reply('EMPTIED') end
     local at = KEYS[2] .. ns .. ':'
     local fences, scope, fence = at .. 'fences', ARGV[1], tonumber(ARGV[2])
     if redis.call('hexists', fences, '*') == 0 then return redis.error_reply('EMPTIED') end
     local raise = function(field)
       local before = tonumber(redis.call('hget', fences, field) or 0)
       if fence > before then redis.call('hset', fences, field, ARGV[2]) end
     end
     raise('max')
     for i = 3, #ARGV, 2 do
       if ARGV[i] == '' then
         raise(scope)
       else
         raise(scope .. '#' .. ARGV[i])
         redis.call('del', at .. scope .. ':' .. ARGV[i + 1])
       end
     end
     return 0";

const RENEW: &str = "local fence = tonumber(ARGV[2])
     local ns = redis.call('get', KEYS[1])
     if ns then
       local fences = KEYS[2] .. ns .. ':fences'
       -- An invalidation may have drawn its number after this and come before it.
       fence = math.max(fence, tonumber(redis.call('hget', fences, 'max') or 0))
       redis.call('del', fences)
     end
     redis.call('set', KEYS[1], ARGV[1])
     local fences = KEYS[2] .. ARGV[1] .. ':fences'
     redis.call('hset', fences, '*', string.format('%.0f', fence), 'max', string.format('%.0f', fence))
     return 0";

/// The connection to the store, shared by its scopes. It is made, and made again, by
/// [`crate::Cache::renew`] alone: after a connection was lost nothing is known of what the store missed.
pub struct Redis {
    scripts: Scripts,
    client: Client,
    prefix: String,
    fences: Arc<dyn Fences>,
    connection: Mutex<Option<MultiplexedConnection>>,
}

/// With their hashes, by which they are called.
struct Scripts {
    get: Script,
    put: Script,
    invalidate: Script,
    renew: Script,
}

impl fmt::Debug for Redis {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Redis").field("prefix", &self.prefix).finish_non_exhaustive()
    }
}

impl Redis {
    /// `url` as `redis://user:password@host:6379/0`. `prefix` names the installation and the form of its
    /// values: others may use the same Redis.
    ///
    /// # Errors
    ///
    /// When `url` is none.
    pub fn new(url: &str, prefix: &str, fences: Arc<dyn Fences>) -> Result<Self, Trouble> {
        let client = Client::open(url).map_err(Trouble::failed)?;
        let script = Script::new;
        let scripts = Scripts { get: script(GET), put: script(PUT), invalidate: script(INVALIDATE), renew: script(RENEW) };
        Ok(Self { scripts, client, prefix: format!("{{{prefix}}}:"), fences, connection: Mutex::new(None) })
    }

    pub(crate) async fn renew(&self) -> Result<(), Trouble> {
        *self.connection.lock() = None;
        let config = AsyncConnectionConfig::new()
            .set_connection_timeout(Some(CONNECTED_WITHIN))
            .set_response_timeout(Some(ANSWERED_WITHIN));
        let connection = self.client.get_multiplexed_async_connection_with_config(&config).await.map_err(Trouble::failed)?;
        let fence = self.fences.next().await?;
        let mut call = self.scripts.renew.prepare_invoke();
        call.key(self.namespace()).key(&self.prefix).arg(Uuid::new_v4().simple().to_string()).arg(fence);
        let mut asked = connection.clone();
        call.invoke_async::<()>(&mut asked).await.map_err(Trouble::failed)?;
        *self.connection.lock() = Some(connection);
        Ok(())
    }

    fn namespace(&self) -> String {
        format!("{}namespace", self.prefix)
    }

    fn connection(&self) -> Result<MultiplexedConnection, Trouble> {
        self.connection.lock().clone().ok_or_else(|| Trouble::failed("there is no connection yet"))
    }
}

fn trouble(error: redis::RedisError) -> Trouble {
    if error.to_string().contains(EMPTIED) { Trouble::Emptied } else { Trouble::failed(error) }
}

pub(crate) struct RedisScope {
    redis: Arc<Redis>,
    name: &'static str,
    ttl: Duration,
}

impl RedisScope {
    pub(crate) fn new(redis: Arc<Redis>, name: &'static str, ttl: Duration) -> Self {
        Self { redis, name, ttl }
    }

    fn call<'a>(&self, script: &'a Script) -> redis::ScriptInvocation<'a> {
        let mut call = script.prepare_invoke();
        call.key(self.redis.namespace()).key(&self.redis.prefix).arg(self.name);
        call
    }
}

impl<V: Value> Provider<V> for RedisScope {
    fn begin(&self) -> BoxFuture<'_, Result<u64, Trouble>> {
        self.redis.fences.now()
    }

    fn get<'a>(&'a self, keys: &'a [Key]) -> BoxFuture<'a, Result<Vec<Option<Arc<V>>>, Trouble>> {
        async move {
            let mut connection = self.redis.connection()?;
            let mut call = self.call(&self.redis.scripts.get);
            for key in keys {
                call.arg(key.as_str());
            }
            let found: Vec<Option<Vec<u8>>> = call.invoke_async(&mut connection).await.map_err(trouble)?;
            Ok(found.into_iter().map(|bytes| bytes.and_then(|bytes| V::decode(&bytes)).map(Arc::new)).collect())
        }
        .boxed()
    }

    fn put<'a>(
        &'a self,
        values: &'a [(Key, Arc<V>)],
        fence: u64,
        load: &'a dyn Current,
    ) -> BoxFuture<'a, Result<usize, Trouble>> {
        async move {
            let mut connection = self.redis.connection()?;
            let mut call = self.call(&self.redis.scripts.put);
            call.arg(fence).arg(u64::try_from(self.ttl.as_millis()).unwrap_or(u64::MAX));
            // What was invalidated here meanwhile is not worth the way; what is invalidated from now on has a
            // higher fence, and the store refuses it.
            let current: Vec<_> = values.iter().filter(|(key, _)| load.if_current(key, &mut || {})).collect();
            for (key, value) in &current {
                call.arg(key.as_str()).arg(key.bucket(BUCKETS)).arg(provider::Value::encode(&**value));
            }
            let refused: usize = match current.is_empty() {
                true => 0,
                false => call.invoke_async(&mut connection).await.map_err(trouble)?,
            };
            Ok(refused + values.len() - current.len())
        }
        .boxed()
    }

    fn disconnect(&self) {
        *self.redis.connection.lock() = None;
    }

    fn invalidate<'a>(&'a self, stale: &'a [Stale]) -> BoxFuture<'a, Result<(), Trouble>> {
        async move {
            let mut connection = self.redis.connection()?;
            let fence = self.redis.fences.next().await?;
            let mut call = self.call(&self.redis.scripts.invalidate);
            call.arg(fence);
            for stale in stale {
                match stale {
                    Stale::Key(key) => call.arg(key.bucket(BUCKETS)).arg(key.as_str()),
                    Stale::Prefix(_) => call.arg("").arg(""),
                };
            }
            call.invoke_async::<()>(&mut connection).await.map_err(trouble)
        }
        .boxed()
    }
}
