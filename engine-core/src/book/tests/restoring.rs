//! A store that was written out and put back goes on as the first one does.

use super::{CHOSEN, OrderIds, Orders, Slot};
use crate::book::RestoreError;
use crate::{OrderId, Price, Qty, Side};

fn insert(orders: &mut Orders<u64>, number: u64) -> Slot {
    let (id, price) = (OrderId::new(number), Price::new(number as i64));
    orders.insert(id, Side::Sell, price, Qty::new(number), number)
}

/// A store in which some orders have come and gone.
fn used(ids: OrderIds) -> Orders<u64> {
    let mut orders = Orders::new(ids, 100);
    let slots: Vec<Slot> = (1..=9).map(|number| insert(&mut orders, number)).collect();
    for gone in [2, 7, 4] {
        orders.remove(slots[gone]);
    }
    insert(&mut orders, 20);
    orders
}

fn restored(orders: &Orders<u64>) -> Result<Orders<u64>, RestoreError> {
    let free_list: Vec<(u32, u32)> = orders.free_list().collect();
    let mut copy = Orders::restore(orders.ids(), 100, orders.slots(), &free_list)?;
    for slot in orders.iter() {
        let view = orders.view(slot);
        let data = *orders.data(slot);
        let slot = copy.restore_order(view.id(), view.side(), view.price(), view.quantity(), data)?;
        assert_eq!(copy.queue(slot), None, "it comes back parked");
    }
    copy.check_invariants();
    Ok(copy)
}

#[test]
fn restored_store_hands_out_the_same_ids() -> Result<(), RestoreError> {
    let mut orders = used(OrderIds::Assigned);
    let mut copy = restored(&orders)?;
    for number in 30..40 {
        let (slot, other) = (insert(&mut orders, number), insert(&mut copy, number));
        assert_eq!(orders.id(slot), copy.id(other));
        assert_eq!(slot, other);
    }
    assert!(orders.free_list().eq(copy.free_list()));
    assert_eq!(orders.slots(), copy.slots());
    Ok(())
}

#[test]
fn restored_store_finds_what_callers_named() -> Result<(), RestoreError> {
    let orders = used(CHOSEN);
    assert_eq!(
        (orders.slots(), orders.free_list().count()),
        (0, 0),
        "slots say nothing here"
    );
    let mut copy = restored(&orders)?;
    assert_eq!(copy.len(), 7);
    let slot = copy.find(OrderId::new(20)).expect("it is live");
    assert_eq!((copy.quantity(slot), *copy.data(slot)), (Qty::new(20), 20));
    assert_eq!(copy.find(OrderId::new(5)), None);
    let twice = copy.restore_order(OrderId::new(20), Side::Buy, Price::new(1), Qty::new(1), 0);
    assert_eq!(twice, Err(RestoreError::Id(OrderId::new(20))));
    Ok(())
}

#[test]
fn id_never_comes_back_and_is_never_zero() -> Result<(), RestoreError> {
    let last = u64::from(u32::MAX) << 32;
    let mut orders: Orders<u64> = Orders::restore(OrderIds::Assigned, 10, 2, &[(0, u32::MAX), (1, 1)])?;
    let slot = insert(&mut orders, 1);
    assert_eq!(orders.id(slot), OrderId::new(last));
    orders.remove(slot);
    orders.check_invariants();
    assert_eq!(orders.find(OrderId::new(last)), None);
    for free in [0, 1, u64::from(u32::MAX), u64::MAX, last, 5 << 32] {
        assert_eq!(orders.find(OrderId::new(free)), None, "{free} names no order");
    }
    let slots = [1, 2, 3].map(|number| insert(&mut orders, number));
    let ids = slots.map(|slot| orders.id(slot).get());
    assert_eq!(ids, [1 << 32 | 1, 1 << 32 | 2, 1 << 32 | 3], "slot 0 is retired");
    let copy = restored(&orders)?;
    assert_eq!(copy.slots(), 4, "a retired slot stays retired");
    assert!(copy.free_list().eq([]));
    Ok(())
}

#[test]
fn impossible_free_lists_are_refused() {
    let restore = |slots, free_list: &[(u32, u32)]| {
        let orders = Orders::<u64>::restore(OrderIds::Assigned, 10, slots, free_list);
        orders.map(|orders| orders.len()).err()
    };
    assert_eq!(restore(3, &[(0, 1), (2, 5)]), None);
    assert_eq!(restore(3, &[(3, 1)]), Some(RestoreError::FreeSlot(3)));
    assert_eq!(restore(3, &[(1, 1), (1, 2)]), Some(RestoreError::FreeSlot(1)));
    assert_eq!(restore(3, &[(1, 0)]), Some(RestoreError::FreeSlot(1)));
    assert_eq!(restore(u32::MAX, &[]), Some(RestoreError::FreeSlot(u32::MAX)));
    let chosen = Orders::<u64>::restore(CHOSEN, 10, 0, &[(0, 1)]).err();
    assert_eq!(chosen, Some(RestoreError::FreeSlot(0)));
}

#[test]
fn impossible_orders_are_refused() -> Result<(), RestoreError> {
    let mut orders = Orders::<u64>::restore(OrderIds::Assigned, 2, 4, &[(0, 1)])?;
    let mut put = |id: u64| {
        let (price, quantity) = (Price::new(1), Qty::new(1));
        let slot = orders.restore_order(OrderId::new(id), Side::Buy, price, quantity, 0);
        slot.err()
    };
    let refused = |id: u64| Some(RestoreError::Id(OrderId::new(id)));
    assert_eq!(put(1 << 32), refused(1 << 32), "its slot is free");
    assert_eq!(put(1 << 32 | 4), refused(1 << 32 | 4), "its slot does not exist");
    assert_eq!(put(1), refused(1), "no id has generation 0");
    assert_eq!(put(7 << 32 | 1), None);
    assert_eq!(put(8 << 32 | 1), refused(8 << 32 | 1), "its slot is taken");
    assert_eq!(put(1 << 32 | 2), None);
    assert_eq!(
        put(1 << 32 | 3),
        Some(RestoreError::TooManyOrders { orders_max: 2 })
    );
    Ok(())
}
