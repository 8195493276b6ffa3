//! Graph data, written as somebody with psql writes it: one transaction a node.

use crate::TestDb;
use domain::EdgeKind;
use domain::node::{INSTANCE_ID, NodeKind};
use serde_json::Value;
use sqlx::PgConnection;
use uuid::Uuid;

type Result<T> = std::result::Result<T, sqlx::Error>;

/// Inserts a node with its place and nothing else, in the caller's transaction.
pub async fn insert_node(db: &mut PgConnection, kind: NodeKind, title: &str, parent_id: Uuid) -> Result<Uuid> {
    let id = Uuid::now_v7();
    sqlx::query("insert into nodes (id, kind, title) values ($1, $2, $3)")
        .bind(id)
        .bind(kind.as_str())
        .bind(title)
        .execute(&mut *db)
        .await?;
    insert_edge(db, EdgeKind::PartOf, id, parent_id).await?;
    Ok(id)
}

/// Inserts an edge, in the caller's transaction; answers its id.
pub async fn insert_edge(db: &mut PgConnection, kind: EdgeKind, source_id: Uuid, target_id: Uuid) -> Result<Uuid> {
    let id = Uuid::now_v7();
    sqlx::query("insert into edges (id, kind, source_id, target_id) values ($1, $2, $3, $4)")
        .bind(id)
        .bind(kind.as_str())
        .bind(source_id)
        .bind(target_id)
        .execute(db)
        .await?;
    Ok(id)
}

/// Deletes an edge, in the caller's transaction; answers whether there was one.
pub async fn delete_edge(db: &mut PgConnection, kind: EdgeKind, source_id: Uuid, target_id: Uuid) -> Result<bool> {
    let done = sqlx::query("delete from edges where kind = $1 and source_id = $2 and target_id = $3")
        .bind(kind.as_str())
        .bind(source_id)
        .bind(target_id)
        .execute(db)
        .await?;
    Ok(done.rows_affected() == 1)
}

/// Moves a node below another parent, in the caller's transaction.
pub async fn move_node(db: &mut PgConnection, id: Uuid, parent_id: Uuid) -> Result<()> {
    sqlx::query("update edges set target_id = $2 where source_id = $1 and kind = 'part_of'")
        .bind(id)
        .bind(parent_id)
        .execute(db)
        .await?;
    Ok(())
}

/// Builders that commit at once and fail the test when the database refuses.
impl TestDb {
    async fn node(&self, kind: NodeKind, title: &str, parent_id: Uuid) -> Uuid {
        let mut db = self.owner_pool().begin().await.expect("a transaction");
        let id = insert_node(&mut db, kind, title, parent_id).await.unwrap_or_else(|error| panic!("{kind} {title}: {error}"));
        db.commit().await.unwrap_or_else(|error| panic!("{kind} {title}: {error}"));
        id
    }

    /// A person of the instance, who signs in with `login` (and has no password).
    pub async fn person(&self, login: &str) -> Uuid {
        let mut db = self.owner_pool().begin().await.expect("a transaction");
        let id = insert_node(&mut db, NodeKind::Person, login, INSTANCE_ID).await.expect("a person");
        let statement =
            "with p as (insert into people (node_id, login) values ($1, $2)) insert into accounts (person_id) values ($1)";
        sqlx::query(statement).bind(id).bind(login).execute(&mut *db).await.expect("a login");
        db.commit().await.expect("a person");
        id
    }

    /// A team of the instance.
    pub async fn team(&self, title: &str) -> Uuid {
        self.node(NodeKind::Team, title, INSTANCE_ID).await
    }

    pub async fn workspace(&self, title: &str) -> Uuid {
        self.node(NodeKind::Workspace, title, INSTANCE_ID).await
    }

    pub async fn group(&self, title: &str, parent_id: Uuid) -> Uuid {
        self.node(NodeKind::Group, title, parent_id).await
    }

    /// A system without a check.
    pub async fn system(&self, title: &str, parent_id: Uuid) -> Uuid {
        self.checked_system(title, parent_id, None).await
    }

    /// A system with a check (as JSON, see `domain::check::CheckSpec`), due at once.
    pub async fn checked_system(&self, title: &str, parent_id: Uuid, check: Option<Value>) -> Uuid {
        let mut db = self.owner_pool().begin().await.expect("a transaction");
        let id = insert_node(&mut db, NodeKind::System, title, parent_id).await.expect("a system");
        let statement = "insert into systems (node_id, check_spec) values ($1, $2)";
        sqlx::query(statement).bind(id).bind(check).execute(&mut *db).await.expect("a system's facet");
        db.commit().await.expect("a system");
        id
    }

    /// A scheduled maintenance of these, whose window begins and ends so many seconds from now.
    pub async fn maintenance(&self, title: &str, parent_id: Uuid, window_s: (f64, f64), affects: &[Uuid]) -> Uuid {
        let mut db = self.owner_pool().begin().await.expect("a transaction");
        let id = insert_node(&mut db, NodeKind::Maintenance, title, parent_id).await.expect("a maintenance");
        let statement = "insert into maintenances (node_id, starts_at, ends_at)
            values ($1, clock_timestamp() + make_interval(secs => $2), clock_timestamp() + make_interval(secs => $3))";
        sqlx::query(statement).bind(id).bind(window_s.0).bind(window_s.1).execute(&mut *db).await.expect("a maintenance's facet");
        for target_id in affects {
            insert_edge(&mut db, EdgeKind::Affects, id, *target_id).await.expect("what it affects");
        }
        db.commit().await.expect("a maintenance");
        id
    }

    pub async fn device(&self, title: &str, imei: &str, parent_id: Uuid) -> Uuid {
        let mut db = self.owner_pool().begin().await.expect("a transaction");
        let id = insert_node(&mut db, NodeKind::Device, title, parent_id).await.expect("a device");
        let statement = "insert into devices (node_id, imei) values ($1, $2)";
        sqlx::query(statement).bind(id).bind(imei).execute(&mut *db).await.expect("a device's facet");
        db.commit().await.expect("a device");
        id
    }

    /// A geofence with a shape as JSON (see `domain::telemetry::Shape`).
    pub async fn geofence(&self, title: &str, shape: &Value, parent_id: Uuid) -> Uuid {
        let mut db = self.owner_pool().begin().await.expect("a transaction");
        let id = insert_node(&mut db, NodeKind::Geofence, title, parent_id).await.expect("a geofence");
        let statement = "insert into geofences (node_id, shape) values ($1, $2)";
        sqlx::query(statement).bind(id).bind(shape).execute(&mut *db).await.expect("a geofence's facet");
        db.commit().await.expect("a geofence");
        id
    }

    /// Makes a node a scope root that inherits.
    pub async fn make_scope(&self, node_id: Uuid) {
        let statement = "insert into scopes (node_id) values ($1)";
        sqlx::query(statement).bind(node_id).execute(self.owner_pool()).await.expect("a scope");
    }

    /// Gives a person or team a level in a scope, or a person a place in a team; answers the edge's id.
    pub async fn grant(&self, grantee_id: Uuid, kind: EdgeKind, target_id: Uuid) -> Uuid {
        self.edge(kind, grantee_id, target_id).await
    }

    /// Takes a grant back.
    pub async fn revoke(&self, grantee_id: Uuid, kind: EdgeKind, target_id: Uuid) {
        let mut db = self.owner_pool().acquire().await.expect("a connection");
        let there = delete_edge(&mut db, kind, grantee_id, target_id).await.expect("the grant's end");
        assert!(there, "there is no such grant to revoke");
    }

    /// Any edge; answers its id.
    pub async fn edge(&self, kind: EdgeKind, source_id: Uuid, target_id: Uuid) -> Uuid {
        let mut db = self.owner_pool().acquire().await.expect("a connection");
        insert_edge(&mut db, kind, source_id, target_id).await.unwrap_or_else(|error| panic!("{kind}: {error}"))
    }

    /// Moves a node below another parent.
    pub async fn move_to(&self, id: Uuid, parent_id: Uuid) {
        let mut db = self.owner_pool().acquire().await.expect("a connection");
        move_node(&mut db, id, parent_id).await.expect("a move");
    }

    /// Deletes a node with all that hangs on it.
    pub async fn delete(&self, id: Uuid) {
        sqlx::query("delete from nodes where id = $1").bind(id).execute(self.owner_pool()).await.expect("a delete");
    }
}
