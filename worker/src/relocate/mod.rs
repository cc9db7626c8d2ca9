//! Moving a tenant to another cell: the cell that it leaves drives ([`leaving`]), the cell that it goes to takes in
//! ([`arriving`]), and they speak over a service binding ([`wire`]). The rules are in `shared::tenant::relocation`.

pub(crate) mod arriving;
pub(crate) mod leaving;
pub(crate) mod wire;
