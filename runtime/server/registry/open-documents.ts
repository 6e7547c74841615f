import { createDocuments, type Documents, type Resize, type Store } from '../../store/index.ts';

/**
 * Opens what documents are kept in. What is left of writes that were cut short goes when it is first used.
 *
 * @param resize - counts what documents take
 */
export function openDocumentsOf(openStore: () => Promise<Store>, resize: Resize): () => Promise<Documents> {
  let documents: ReturnType<typeof createDocuments> | undefined;
  return async () => {
    if (documents) return documents;
    documents = createDocuments(await openStore(), Date.now, resize);
    documents.sweep().catch(() => undefined); // the next start does it
    return documents;
  };
}
