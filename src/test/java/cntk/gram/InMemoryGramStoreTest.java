package cntk.gram;

class InMemoryGramStoreTest extends GramStoreContract {
    @Override
    GramStore create(GramSpec spec) {
        return new InMemoryGramStore(spec);
    }
}
