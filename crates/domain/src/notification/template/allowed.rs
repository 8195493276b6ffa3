//! What a template may say. Whatever joins or repeats texts is left out: twenty doublings fill a machine, and
//! steps alone don't count them.

use super::{BadTemplate, too_long};
use crate::limits::TEMPLATE_MAX_BYTES;
use minijinja::Environment;
use minijinja::machinery::ast::{BinOpKind, CallArg, Expr, Stmt};
use minijinja::syntax::SyntaxConfig;

const FILTERS: &[&str] = &["upper", "lower", "join", "default", "escape", "e"];
/// Statements and expressions within each other.
const DEPTH_MAX: usize = 30;

/// Refuses a source that is too long, is no template, or says what none may.
pub(super) fn check(source: &str) -> Result<(), BadTemplate> {
    if source.len() > TEMPLATE_MAX_BYTES || source.contains('\0') {
        return Err(too_long());
    }
    let parsed = minijinja::machinery::parse(source, "message", SyntaxConfig::default());
    let parsed = parsed.map_err(|error| BadTemplate(format!("line {}: {}", error.line().unwrap_or(1), error.kind())))?;
    statement(&parsed, DEPTH_MAX)
}

/// Those filters, with bounds of their own where the text could grow: none of them makes it longer than a
/// few times what it was given.
pub(super) fn add_filters(environment: &mut Environment<'_>) {
    environment.add_filter("upper", |text: String| text.to_uppercase());
    environment.add_filter("lower", |text: String| text.to_lowercase());
    environment.add_filter("join", |all: Vec<String>, between: Option<String>| all.join(between.as_deref().unwrap_or("")));
    environment.add_filter(
        "default",
        |value: minijinja::Value, other: Option<minijinja::Value>| {
            if value.is_undefined() || value.is_none() { other.unwrap_or_default() } else { value }
        },
    );
    environment.add_filter("escape", minijinja::filters::escape);
    environment.add_filter("e", minijinja::filters::escape);
}

fn not_allowed(what: &str) -> BadTemplate {
    BadTemplate(format!("{what}: a template has names, if, for, and the filters {}", FILTERS.join(", ")))
}

fn statements(all: &[Stmt<'_>], depth: usize) -> Result<(), BadTemplate> {
    all.iter().try_for_each(|one| statement(one, depth))
}

fn statement(one: &Stmt<'_>, depth: usize) -> Result<(), BadTemplate> {
    let depth = depth.checked_sub(1).ok_or_else(|| BadTemplate("nested too deeply".to_owned()))?;
    match one {
        Stmt::Template(all) => statements(&all.children, depth),
        Stmt::EmitRaw(_) => Ok(()),
        Stmt::EmitExpr(emit) => expression(&emit.expr, depth),
        Stmt::IfCond(cond) => {
            expression(&cond.expr, depth)?;
            statements(&cond.true_body, depth)?;
            statements(&cond.false_body, depth)
        }
        Stmt::ForLoop(each) if !each.recursive => {
            expression(&each.iter, depth)?;
            each.filter_expr.as_ref().map_or(Ok(()), |only| expression(only, depth))?;
            statements(&each.body, depth)?;
            statements(&each.else_body, depth)
        }
        _ => Err(not_allowed("another statement")),
    }
}

fn expression(one: &Expr<'_>, depth: usize) -> Result<(), BadTemplate> {
    let depth = depth.checked_sub(1).ok_or_else(|| BadTemplate("nested too deeply".to_owned()))?;
    match one {
        Expr::Var(_) | Expr::Const(_) => Ok(()),
        Expr::GetAttr(attribute) => expression(&attribute.expr, depth),
        Expr::UnaryOp(of) => expression(&of.expr, depth),
        Expr::BinOp(of) => {
            use BinOpKind::{Eq, Gt, Gte, In, Lt, Lte, Ne, ScAnd, ScOr};
            if !matches!(of.op, Eq | Ne | Lt | Lte | Gt | Gte | ScAnd | ScOr | In) {
                return Err(not_allowed("arithmetic"));
            }
            expression(&of.left, depth)?;
            expression(&of.right, depth)
        }
        Expr::Compare(of) => {
            expression(&of.expr, depth)?;
            of.ops.iter().try_for_each(|op| expression(&op.expr, depth))
        }
        Expr::IfExpr(of) => {
            expression(&of.test_expr, depth)?;
            expression(&of.true_expr, depth)?;
            of.false_expr.as_ref().map_or(Ok(()), |other| expression(other, depth))
        }
        Expr::Filter(filter) if FILTERS.contains(&filter.name) => {
            filter.expr.as_ref().map_or(Ok(()), |of| expression(of, depth))?;
            // What is joined with, or said instead, is written out: a text of the letter's between all others
            // would multiply.
            let is_plain = |arg: &CallArg<'_>| matches!(arg, CallArg::Pos(Expr::Const(_)));
            if filter.args.iter().all(is_plain) { Ok(()) } else { Err(not_allowed("this argument")) }
        }
        Expr::Filter(_) => Err(not_allowed("another filter")),
        _ => Err(not_allowed("another expression")),
    }
}
