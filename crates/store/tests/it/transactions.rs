//! How transactions begin.

use std::future::poll_fn;
use std::pin::pin;
use std::task::Poll;
use store::PoolOptions;
use testkit::TestDb;

/// As when a client goes away, or something more urgent comes.
#[tokio::test]
async fn a_beginning_that_is_cancelled_leaves_no_transaction_behind() {
    let db = TestDb::new().await;
    let options = PoolOptions { connections_max: 1, ..PoolOptions::default() };
    let one = store::connect(&db.server_url(), &options).await.unwrap();
    let open = "select count(*) from pg_stat_activity where datname = current_database() and state like 'idle in transaction%'";
    for steps in 1..20 {
        {
            let mut begins = pin!(store::begin(&one));
            for _ in 0..steps {
                if poll_fn(|context| Poll::Ready(begins.as_mut().poll(context).is_ready())).await {
                    break;
                }
                tokio::task::yield_now().await;
            }
        }
        store::database::now(&one).await.unwrap();
        let open: i64 = sqlx::query_scalar(open).fetch_one(db.superuser_pool()).await.unwrap();
        assert_eq!(open, 0);
    }
}
