"""What MongoDB's server documents, asked of this one over the wire: tables of cases, each with the page that justifies it."""
