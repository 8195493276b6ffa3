//! Sends what somebody is to be told. Whatever breaks off is tried again with the same id, by which the other
//! side can tell that it has had it.

use crate::jobs::{Context, Done, Failure};
use crate::notify::Post;
use domain::notification::DeliverPayload;

pub(super) async fn run(context: Context, post: Post) -> Result<Done, Failure> {
    let DeliverPayload { delivery_id } = context.payload()?;
    post.deliver(&context, delivery_id).await
}
