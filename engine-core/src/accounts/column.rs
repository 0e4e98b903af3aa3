//! Values by account, in pages: found without a search, and growing never moves what is there.

/// Pages under one node.
const NODE: usize = 64;

type Page<T, const PAGE: usize> = Option<Box<[T; PAGE]>>;
type Node<T, const PAGE: usize> = Option<Box<[Page<T, PAGE>; NODE]>>;

/// `T`s by number. A page is allocated when the first of its numbers is written, and a node of pages with the first of
/// its pages, so numbers may have gaps: a value far from all others costs a page, a node and 8 bytes for each
/// `NODE` × `PAGE` numbers below it.
pub(super) struct Column<T, const PAGE: usize> {
    nodes: Vec<Node<T, PAGE>>,
}

impl<T: Clone + Default, const PAGE: usize> Column<T, PAGE> {
    pub(super) const fn new() -> Self {
        Self { nodes: Vec::new() }
    }

    /// The value of a number, if its page was ever written.
    pub(super) fn at(&self, number: u32) -> Option<&T> {
        let page = number as usize / PAGE;
        let node = self.nodes.get(page / NODE)?.as_ref()?;
        let page = node[page % NODE].as_ref()?;
        Some(&page[number as usize % PAGE])
    }

    /// The value of a number, to be changed, if its page was ever written.
    fn written(&mut self, number: u32) -> Option<&mut T> {
        let page = number as usize / PAGE;
        let node = self.nodes.get_mut(page / NODE)?.as_mut()?;
        let page = node[page % NODE].as_mut()?;
        Some(&mut page[number as usize % PAGE])
    }

    /// The value of a number, to be changed.
    pub(super) fn at_mut(&mut self, number: u32) -> &mut T {
        if self.at(number).is_none() {
            self.allocate(number as usize / PAGE);
        }
        self.written(number).expect("the page was just allocated")
    }

    #[cold]
    fn allocate(&mut self, page: usize) {
        let at = page / NODE;
        if at >= self.nodes.len() {
            self.nodes.resize_with(at + 1, || None);
        }
        let node = self.nodes[at].get_or_insert_with(|| Box::new([const { None }; NODE]));
        let values: Box<[T]> = vec![T::default(); PAGE].into_boxed_slice();
        node[page % NODE] = values.try_into().ok();
    }

    /// All values of all pages with their numbers, in order.
    pub(super) fn iter(&self) -> impl Iterator<Item = (u32, &T)> {
        let nodes = self.nodes.iter().zip((0..).step_by(NODE * PAGE));
        let nodes = nodes.filter_map(|(node, first)| Some((node.as_ref()?, first)));
        let pages = nodes.flat_map(|(node, first)| node.iter().zip((first..).step_by(PAGE)));
        pages
            .filter_map(|(page, first): (_, u32)| Some((page.as_ref()?, first)))
            .flat_map(|(page, first)| page.iter().zip(first..).map(|(value, number)| (number, value)))
    }
}
