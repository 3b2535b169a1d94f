"""The data mapper: fields of the Mplus order, relation and addresses set from the Bol order by expressions. Pure."""
