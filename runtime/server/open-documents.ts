import { createDocuments, type Documents, type Store } from '../store/index.ts';

/** Opens what documents are kept in. What is left of writes that were cut short goes when it is first used. */
export function openDocumentsOf(openStore: () => Promise<Store>): () => Promise<Documents> {
  let documents: ReturnType<typeof createDocuments> | undefined;
  return async () => {
    if (documents) return documents;
    documents = createDocuments(await openStore());
    documents.sweep().catch(() => undefined); // the next start does it
    return documents;
  };
}
