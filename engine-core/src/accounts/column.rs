//! Values by a small number, in pages: found without a search, and growing never moves what is there.

/// `T`s by number. A page is allocated when the first of its numbers is written, so numbers may have gaps.
pub(super) struct Column<T, const PAGE: usize> {
    pages: Vec<Option<Box<[T; PAGE]>>>,
}

impl<T: Clone + Default, const PAGE: usize> Column<T, PAGE> {
    pub(super) const fn new() -> Self {
        Self { pages: Vec::new() }
    }

    /// The value of a number, if its page was ever written.
    #[inline]
    pub(super) fn at(&self, number: u32) -> Option<&T> {
        let page = self.pages.get(number as usize / PAGE)?.as_ref()?;
        Some(&page[number as usize % PAGE])
    }

    /// The value of a number, or the default where none was written.
    #[inline]
    pub(super) fn read(&self, number: u32) -> T
    where
        T: Copy,
    {
        self.at(number).copied().unwrap_or_default()
    }

    /// The value of a number, to be changed.
    #[inline]
    pub(super) fn at_mut(&mut self, number: u32) -> &mut T {
        let at = number as usize / PAGE;
        if !matches!(self.pages.get(at), Some(Some(_))) {
            self.allocate(at);
        }
        let page = self.pages[at].as_mut().expect("the page was just allocated");
        &mut page[number as usize % PAGE]
    }

    #[cold]
    fn allocate(&mut self, at: usize) {
        if at >= self.pages.len() {
            self.pages.resize_with(at + 1, || None);
        }
        let page: Box<[T]> = vec![T::default(); PAGE].into_boxed_slice();
        self.pages[at] = page.try_into().ok();
    }

    /// All values of all pages with their numbers, in order.
    pub(super) fn iter(&self) -> impl Iterator<Item = (u32, &T)> {
        let pages = self.pages.iter().zip((0..).step_by(PAGE));
        pages
            .filter_map(|(page, first)| Some((page.as_ref()?, first)))
            .flat_map(|(page, first)| page.iter().zip(first..).map(|(value, number)| (number, value)))
    }
}
